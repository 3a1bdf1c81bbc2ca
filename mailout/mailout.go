// Package mailout takes due notices out of the outbox, writes them and hands them
// to the SMTP server: exactly once as far as SMTP allows, at least once always.
//
// What happens when things fail (R08, R36, R37):
//
//   - An attempt is counted and committed by the store before the first byte is
//     sent, and settled after the server's answer. If the process dies between
//     the server's 250 and the settlement, the notice comes back when its lease
//     ends and is sent again: the same bytes with the same Message-ID, so that
//     receivers can tell. It never happens that a notice counts as sent and was not.
//   - No more is claimed than free connections can send, and, while mails go out
//     quickly, what will be gone within a tenth of a second: it is written meanwhile.
//     What is still waiting when its lease could end before the server's answer goes
//     back unsent. So a slow server makes no notice wait behind others, and none go twice.
//   - Outcomes are recorded together where several come within milliseconds. A process
//     that dies in between sends those again.
//   - Where the server offers PIPELINING and the connection is ours to write on (not
//     after STARTTLS), sender, recipient and DATA go together; the content goes only
//     when all three were taken.
//   - A refusal for now (4xx), a lost connection, a silent server: tried again
//     with growing pauses for two days, then the notice fails. While no connection
//     can be made, nothing further is claimed.
//   - A refusal for good (5xx) fails the notice with the server's words, which
//     organizers see. A refusal because of us (5.7.x: policy, authentication) is
//     nobody else's fault: an alert goes out and the notice stays in the queue.
//   - A wrong password stops all sending for a quarter of an hour at a time, so
//     that the account is not locked, and alerts.
//   - A notice that cannot be written (a text without its data, an impossible
//     address) fails; it can never stop the next.
//   - Caps by hour and day delay and never drop.
//
// Composing is pure: the same Occasion gives the same bytes.
package mailout
