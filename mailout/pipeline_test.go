package mailout

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-smtp"
)

// says is a server that reads some lines, or with "." a mail's content, and then answers.
type says struct {
	reads  string // what the lines begin with, by spaces
	answer string // "": hangs up
}

// play runs the script on the connection and gives what the client sent after EHLO.
func play(t *testing.T, conn net.Conn, script []says) <-chan string {
	t.Helper()
	got := make(chan string, 1)
	go func() {
		defer conn.Close()
		var said strings.Builder
		defer func() { got <- said.String() }()
		r := bufio.NewReader(conn)
		for _, step := range script {
			for want := range strings.FieldsSeq(step.reads) {
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					said.WriteString(line)
					if want != "." && !strings.HasPrefix(line, want) {
						t.Errorf("the client said %q, want %s", line, want)
					}
					if want != "." || line == ".\r\n" {
						break
					}
				}
			}
			if step.answer == "" {
				return
			}
			if _, err := io.WriteString(conn, step.answer+"\r\n"); err != nil {
				return
			}
		}
		_, _ = io.Copy(&said, r)
	}()
	return got
}

const offers = "250-mail.example\r\n250-PIPELINING\r\n250-SIZE\r\n250 DSN"

// TestPipelining: what the server says to commands that come together (RFC 2920).
func TestPipelining(t *testing.T) {
	greeting := []says{{"", "220 mail.example"}, {"EHLO", offers}}
	tests := []struct {
		name    string
		script  []says
		err     string // begin of the error; "": sent
		verdict verdict
		again   bool // the connection can be used for the next mail
	}{
		{"all together", []says{{"MAIL RCPT DATA", "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go"}, {".", "250 2.0.0 queued"}}, "", sent, true},
		{
			"recipient refused",
			[]says{{"MAIL RCPT DATA", "250 ok\r\n550-5.1.1 no such\r\n550 5.1.1 user\r\n554 5.5.1 no recipients"}, {"RSET", "250 ok"}},
			"recipient: SMTP error 550: no such\nuser", refused, true,
		},
		{"sender refused", []says{{"MAIL RCPT DATA", "553 5.1.8 not yours\r\n503 what\r\n503 what"}, {"RSET", "250 ok"}}, "sender: SMTP error 553: not yours", ours, true},
		{
			"recipient refused, content wanted",
			[]says{{"MAIL RCPT DATA", "250 ok\r\n450 4.2.1 greylisted\r\n354 go"}, {"NOTHING", ""}},
			"recipient: SMTP error 450: greylisted", later, false,
		},
		{"content refused", []says{{"MAIL RCPT DATA", "250 ok\r\n250 ok\r\n354 go"}, {".", "554 5.6.0 not liked"}, {"RSET", "250 ok"}}, "content: SMTP error 554", refused, true},
		{"data refused", []says{{"MAIL RCPT DATA", "250 ok\r\n250 ok\r\n451 4.3.0 later"}, {"RSET", "250 ok"}}, "data: SMTP error 451", later, true},
		{"refuses and hangs up", []says{{"MAIL RCPT DATA", "550 5.7.1 blocked"}, {"", ""}}, "sender: SMTP error 550: blocked", ours, false},
		{"says goodbye", []says{{"MAIL RCPT DATA", "421 4.7.0 enough"}, {"", ""}}, "sender: SMTP error 421", lost, false},
		{"hangs up", []says{{"MAIL RCPT DATA", "250 ok"}, {"", ""}}, "recipient: ", lost, false},
		{"hangs up after the content", []says{{"MAIL RCPT DATA", "250 ok\r\n250 ok\r\n354 go"}, {".", ""}}, "content: ", lost, false},
		{"talks without end", []says{{"MAIL RCPT DATA", strings.Repeat("250-ok\r\n", 100_000) + "250 ok"}}, "sender: ", lost, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes()
				got := make(chan string, 1)
				go func() {
					conn, err := p.Accept()
					if err != nil {
						return
					}
					got <- <-play(t, conn, append(greeting, tt.script...))
				}()
				server := Server{Host: "mail.example", TLS: TLSNone, Dial: p.dial}
				c, err := server.connect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				err = c.send(t.Context(), &Letter{EnvelopeFrom: "sign@opensunday.example", To: "office@lindenau.example", EnvelopeID: "a+b", Raw: []byte(".dot\r\n\r\n..two\r\n.\r\nend")})
				if (err == nil) != (tt.err == "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) || judge(err) != tt.verdict {
					t.Errorf("send = %v, verdict %d; want %q, %d", err, judge(err), tt.err, tt.verdict)
				}
				if err != nil && c.again(t.Context(), err) != tt.again {
					t.Errorf("usable again: %v", !tt.again)
				}
				_ = c.raw.Close()
				said := <-got
				if !strings.Contains(said, "MAIL FROM:<sign@opensunday.example> SIZE=21 RET=HDRS ENVID=a+2Bb\r\nRCPT TO:<office@lindenau.example>\r\nDATA\r\n") {
					t.Errorf("said %q", said)
				}
				if content := "..dot\r\n\r\n...two\r\n..\r\nend\r\n.\r\n"; strings.Contains(said, "end") && !strings.Contains(said, content) || err == nil && !strings.Contains(said, content) {
					t.Errorf("content %q", said)
				}
			})
		})
	}
}

// TestWithoutPipelining: where the server does not offer it, each command waits for its answer.
func TestWithoutPipelining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		go func() {
			conn, err := p.Accept()
			if err != nil {
				return
			}
			play(t, conn, []says{
				{"", "220 mail.example"}, {"EHLO", "250 mail.example"}, {"MAIL", "250 ok"}, {"RCPT", "250 ok"}, {"DATA", "354 go"}, {".", "250 queued"}, {"QUIT", "221 bye"},
			})
		}()
		server := Server{Host: "mail.example", TLS: TLSNone, Dial: p.dial}
		if err := Send(t.Context(), server, Letter{EnvelopeFrom: "a@b.example", To: "c@d.example", Raw: []byte("x\r\n")}); err != nil {
			t.Error(err)
		}
	})
}

func TestImpossibleAddressIsNotSent(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	got := play(t, server, []says{{"", "220 mail.example"}, {"EHLO", offers}})
	s := smtp.NewClient(client)
	if err := s.Hello("localhost"); err != nil {
		t.Fatal(err)
	}
	err := newPipeline(client, s).send(&Letter{EnvelopeFrom: "a@b.example", To: "c@d.example>\r\nRCPT TO:<e@f.example"})
	if !errors.Is(err, ErrCompose) {
		t.Errorf("send = %v", err)
	}
	_ = client.Close()
	if said := <-got; strings.Contains(said, "RCPT") {
		t.Errorf("said %q", said)
	}
}
