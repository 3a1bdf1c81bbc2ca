package message

import (
	"strings"
	"testing"
)

func parseText(text string) *Message {
	return Parse([]byte("From: ann@example.org\r\nTo: Open Letter <letter@letter.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n")))
}

// R29: an answer above quoted text, in the words of many clients. The new text is always the first line.
func TestR29QuotedBelow(t *testing.T) {
	tests := []struct{ name, below string }{
		{"English", "On Mon, 2 Feb 2026 at 10:00, Open Letter <letter@example.test> wrote:\n> Is this correct?"},
		{"English wrapped", "On Mon, 2 Feb 2026 at 10:00, Open Letter via the Desk\n<letter@example.test> wrote:\n\n> Is this correct?"},
		{"English without marks", "On Feb 2, 2026, at 10:00, Open Letter <letter@example.test> wrote:\n\nIs this correct? Answer yes."},
		{"German", "Am 02.02.2026 um 10:00 schrieb Open Letter:\n> Stimmt das?"},
		{"German Gmail", "Open Letter <letter@example.test> schrieb am Mo., 2. Feb. 2026,\n10:00:\n\n> Stimmt das?"},
		{"French", "Le lun. 2 févr. 2026 à 10:00, Open Letter <letter@example.test> a écrit :\n\n> Est-ce correct ?"},
		{"Spanish", "El lun, 2 feb 2026 a las 10:00, Open Letter (<letter@example.test>) escribió:\n\n> ¿Es correcto?"},
		{"Italian", "Il giorno lun 2 feb 2026 alle ore 10:00 Open Letter <letter@example.test> ha scritto:\n\n> È giusto?"},
		{"Portuguese", "Em seg., 2 de fev. de 2026 às 10:00, Open Letter <letter@example.test> escreveu:\n\n> Está correto?"},
		{"Dutch", "Op ma 2 feb 2026 om 10:00 schreef Open Letter <letter@example.test>:\n\n> Klopt dit?"},
		{"Swedish", "Den mån 2 feb. 2026 kl 10:00 skrev Open Letter <letter@example.test>:\n\n> Stämmer det?"},
		{"Danish", "Den man. 2. feb. 2026 kl. 10.00 skrev Open Letter <letter@example.test>:\n\n> Er det rigtigt?"},
		{"Finnish", "ma 2. helmik. 2026 klo 10.00 Open Letter <letter@example.test> kirjoitti:\n\n> Onko tämä oikein?"},
		{"Polish", "pon., 2 lut 2026 o 10:00 Open Letter <letter@example.test> napisał(a):\n\n> Czy to prawda?"},
		{"Czech", "po 2. 2. 2026 v 10:00 odesílatel Open Letter <letter@example.test> napsal:\n\n> Je to správně?"},
		{"Hungarian", "Open Letter <letter@example.test> ezt írta (időpont: 2026. febr. 2., H, 10:00):\n\n> Helyes ez?"},
		{"Russian", "пн, 2 февр. 2026 г. в 10:00, Open Letter <letter@example.test>:\n\n> Это верно?"},
		{"Ukrainian", "2 лют. 2026 р. 10:00 Open Letter <letter@example.test> пише:\n\n> Це правильно?"},
		{"Greek", "Στις Δευ 2 Φεβ 2026 στις 10:00, ο χρήστης Open Letter <letter@example.test> έγραψε:\n\n> Σωστό;"},
		{"Turkish", "Open Letter <letter@example.test>, 2 Şub 2026 Pzt, 10:00 tarihinde şunu yazdı:\n\n> Doğru mu?"},
		{"Japanese", "2026年2月2日(月) 10:00 Open Letter <letter@example.test>:\n\n> 正しいですか"},
		{"Chinese", "Open Letter <letter@example.test> 于2026年2月2日周一 10:00写道：\n\n> 对吗"},
		{"Outlook English", "From: Open Letter <letter@example.test>\nSent: Monday, February 2, 2026 10:00\nTo: Ann <ann@example.org>\nSubject: Please confirm\n\nAnswer yes."},
		{"Outlook German", "Von: Open Letter <letter@example.test>\nGesendet: Montag, 2. Februar 2026 10:00\nAn: Ann <ann@example.org>\nBetreff: Bitte bestätigen\n\nAntworten Sie mit Ja."},
		{"Outlook French with a rule", "________________________________\nDe : Open Letter <letter@example.test>\nEnvoyé : lundi 2 février 2026 10:00\nÀ : Ann\nObjet : Merci de confirmer\n\nRépondez oui."},
		{"Outlook Polish", "Od: Open Letter\nWysłano: poniedziałek, 2 lutego 2026 10:00\nDo: Ann\nTemat: Proszę potwierdzić\n\nTak."},
		{"Outlook Russian", "От: Open Letter\nОтправлено: 2 февраля 2026 г. 10:00\nКому: Ann\nТема: Подтвердите\n\nДа."},
		{"Outlook bold", "*From:* Open Letter\n*Sent:* Monday\n*To:* Ann\n*Subject:* Please confirm\n\nyes"},
		{"original message", "-----Original Message-----\nFrom: Open Letter\nSent: Monday\nTo: Ann\nSubject: x\n\nyes"},
		{"Ursprüngliche Nachricht", "-----Ursprüngliche Nachricht-----\nVon: Open Letter\nGesendet: Montag\nAn: Ann\nBetreff: x\n\nJa"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parseText("Yes, we confirm.\n\nAnn Bell\n\n" + tt.below)
			if m.New != "Yes, we confirm.\n\nAnn Bell" {
				t.Errorf("new text %q", m.New)
			}
			if m.Quoted == "" {
				t.Error("nothing was taken off as quoted")
			}
		})
	}
}

// R29, R30: what is new, quoted and signature in other shapes; where in doubt a line stays new.
func TestR29Split(t *testing.T) {
	tests := []struct{ name, text, want, signature string }{
		{"bottom posting", "On Mon, 2 Feb 2026, Open Letter <l@example.test> wrote:\n> Is it correct?\n\nYes.", "Yes.", ""},
		{"inline", "> Is it correct?\nYes.\n> City?\nOdense", "Yes.\nOdense", ""},
		{"name block without mark stays", "We sign.\n\nBest regards\nAnn Bell\nDirector, Reading Room e.V.", "We sign.\n\nBest regards\nAnn Bell\nDirector, Reading Room e.V.", ""},
		{"signature mark", "We sign.\n-- \nAnn Bell\nReading Room", "We sign.", "-- \nAnn Bell\nReading Room"},
		{"device", "Yes\n\nSent from my iPhone", "Yes", "Sent from my iPhone"},
		{"device German", "Ja\n\nVon meinem iPhone gesendet", "Ja", "Von meinem iPhone gesendet"},
		{"a sentence is no device line", "We sign.\n\nSent from our office:\nReading Room, Odense, with all our members behind it and much more to tell you.", "We sign.\n\nSent from our office:\nReading Room, Odense, with all our members behind it and much more to tell you.", ""},
		{"disclaimer", "Yes.\n\nThis e-mail and any attachments are confidential.\nDelete it.", "Yes.", "This e-mail and any attachments are confidential.\nDelete it."},
		{"list footer", "We sign.\n_______________________________________________\nRooms mailing list\nRooms@lists.example.org\nhttps://lists.example.org/listinfo/rooms", "We sign.", "_______________________________________________\nRooms mailing list\nRooms@lists.example.org\nhttps://lists.example.org/listinfo/rooms"},
		{"a form with rules stays", "_____________\nName: Reading Room\nCity: Odense\nContact: Ann\nMail: ann@example.org", "_____________\nName: Reading Room\nCity: Odense\nContact: Ann\nMail: ann@example.org", ""},
		{"a form with From and To is no header block", "From: the Reading Room\nHello,\nwe sign.", "From: the Reading Room\nHello,\nwe sign.", ""},
		{"nothing above a strange attribution without marks", "On 3 May 2026, Sam Holt <sam@signer.example> wrote:\n\nThe Reading Room signs.", "The Reading Room signs.", ""},
		{"nothing above our attribution without marks", "On 3 May 2026, Open Letter <desk@letter.test> wrote:\n\nIs it correct? Answer yes.", "", ""},
		{"prose that ends in wrote", "As our board wrote:\nwe sign.", "As our board wrote:\nwe sign.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parseText(tt.text)
			if m.New != tt.want {
				t.Errorf("new text %q, want %q", m.New, tt.want)
			}
			if got := strings.TrimRight(m.Signature, " "); strings.ReplaceAll(got, "-- \n", "--\n") != strings.ReplaceAll(tt.signature, "-- \n", "--\n") {
				t.Errorf("signature %q, want %q", m.Signature, tt.signature)
			}
		})
	}
}

// R19, R29: inline forwards are data and no part of the new text.
func TestR19InlineForward(t *testing.T) {
	tests := []struct{ name, text string }{
		{"Gmail", "---------- Forwarded message ---------\nFrom: Sam Holt <sam@signer.example>\nDate: Mon, 2 Feb 2026 10:00:00 +0000\nSubject: We sign\nTo: <ann@example.org>\n\nThe Reading Room signs."},
		{"Outlook German", "-----Ursprüngliche Nachricht-----\nVon: Sam Holt [mailto:sam@signer.example]\nGesendet: Montag, 2. Februar 2026 10:00\nAn: Ann\nBetreff: We sign\n\nThe Reading Room signs."},
		{"Thunderbird", "-------- Weitergeleitete Nachricht --------\nBetreff: \tWe sign\nDatum: \tMon, 2 Feb 2026 10:00:00 +0000\nVon: \tSam Holt <sam@signer.example>\nAn: \tann@example.org\n\nThe Reading Room signs."},
		{"Apple", "Begin forwarded message:\n\n> From: Sam Holt <sam@signer.example>\n> Subject: We sign\n> Date: 2 February 2026 at 10:00:00 CET\n> To: ann@example.org\n>\n> The Reading Room signs."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parseText("For your list.\n\n" + tt.text)
			if m.New != "For your list." {
				t.Errorf("new text %q", m.New)
			}
			if len(m.Forwarded) != 1 {
				t.Fatalf("%d forwards, want 1", len(m.Forwarded))
			}
			f := m.Forwarded[0]
			if f.Header.Subject != "We sign" || len(f.Header.From) != 1 || f.Header.From[0] != (Address{"Sam Holt", "sam@signer.example"}) {
				t.Errorf("header %q %q", f.Header.Subject, f.Header.From)
			}
			if f.New != "The Reading Room signs." {
				t.Errorf("text %q", f.New)
			}
			if m.Header.From[0].Address != "ann@example.org" {
				t.Errorf("outer From became %q", m.Header.From)
			}
		})
	}
}

// R25, R29: quote containers and signatures of HTML mail.
func TestR25QuoteContainers(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"Gmail", `<div>Yes</div><div class="gmail_quote"><div class="gmail_attr">On Mon, Open Letter wrote:<br></div><blockquote class="gmail_quote">Answer yes</blockquote></div>`, "Yes"},
		{"Gmail inline", `<div>Hello</div><div class="gmail_quote"><div>On Mon wrote:</div><blockquote>City?</blockquote><div>Odense</div></div>`, "Hello\nOdense"},
		{"Outlook", `<p>Yes</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>From:</b> Open Letter<br><b>Sent:</b> Monday<br><b>To:</b> Ann<br><b>Subject:</b> x</p></div><p>Answer yes</p>`, "Yes"},
		{"Thunderbird", `<p>Yes</p><div class="moz-cite-prefix">Am 02.02.26 um 10:00 schrieb Open Letter:<br></div><blockquote type="cite">Ja?</blockquote>`, "Yes"},
		{"Yahoo", `<div>Yes</div><div class="yahoo_quoted"><div>On Monday, Open Letter wrote:</div><div>Answer yes</div></div>`, "Yes"},
		{"signature", `<div>Yes</div><div class="gmail_signature">Ann Bell</div>`, "Yes"},
		{"Gmail, passed on by Gmail", `<div>Yes</div><div class="m_-123gmail_quote"><div>On Mon, Open Letter wrote:</div><div>Answer yes</div></div>`, "Yes"},
		{"Gmail without a verb", `<div>Да</div><div class="gmail_quote"><div dir="ltr" class="gmail_attr">пн, 2 февр. 2026 г. в 10:00, Open Letter &lt;<a href="mailto:l@letter.test">l@letter.test</a>&gt;:<br></div><blockquote class="gmail_quote">Да?</blockquote></div>`, "Да"},
		{"Gmail inline, two answers", `<div class="gmail_quote"><div class="gmail_attr">On Mon, Feb 2, 2026 at 10:00 AM Open Letter &lt;l@letter.test&gt; wrote:<br></div><blockquote>Name?</blockquote></div><div>Reading Room</div><div class="gmail_quote"><blockquote>Town?</blockquote></div><div>Odense</div>`, "Reading\nRoom\nOdense"},
		{"Outlook on the web", `<div>Yes</div><hr><div id="x_divRplyFwdMsg"><b>From:</b> Open Letter &lt;l@letter.test&gt;<br><b>Sent:</b> Monday, February 2, 2026 10:00<br><b>To:</b> Ann<br><b>Subject:</b> x</div><div>Answer yes</div>`, "Yes"},
		{"Outlook mobile", `<div>Yes</div><div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/x">Outlook for iOS</a></div><div id="mail-editor-reference-message-container"><hr><div>Answer yes</div></div>`, "Yes"},
		{"Outlook for Mac", `<p>Yes</p><span id="OLK_SRC_BODY_SECTION"><div>From: Open Letter</div><div>Answer yes</div></span>`, "Yes"},
		{"Yahoo with a number", `<div>Yes</div><div id="yahoo_quoted_123" class="ydp1a2byahoo_quoted"><div>On Monday, Open Letter wrote:</div><div>Answer yes</div></div>`, "Yes"},
		{"GMX", `<div>Ja</div><div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5"><div><b>Gesendet:</b> Montag<br><b>Von:</b> Open Letter</div><div>Ja?</div></div>`, "Ja"},
		{"Apple Mail", `<div>Yes</div><div><br><blockquote type="cite"><div>On 2 Feb 2026, at 10:00, Open Letter &lt;l@letter.test&gt; wrote:</div><div>Answer yes</div></blockquote></div>`, "Yes"},
		{"iPhone, written within the signature", `<div id="AppleMailSignature">Sent from my iPhone<div>Odense</div></div><div><br>On 2 Feb 2026, at 10:00, Open Letter &lt;l@letter.test&gt; wrote:<br></div><blockquote type="cite">Town?</blockquote>`, "Sent\nfrom\nmy\niPhone\nOdense"},
		{"ProtonMail", `<div>Yes</div><div class="protonmail_signature_block">Sent with Proton Mail</div><div class="protonmail_quote">On Monday, Open Letter wrote:<blockquote>Answer yes</blockquote></div>`, "Yes"},
		{"Zimbra", `<div>Yes</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>Open Letter</div><div data-marker="__QUOTED_TEXT__">Answer yes</div>`, "Yes"},
		{"Spark", `<div name="messageBodySection">Yes</div><div name="messageSignatureSection">Ann</div><div name="messageReplySection">On 2 Feb 2026, Open Letter wrote:<blockquote>Answer yes</blockquote></div>`, "Yes"},
		{"NetEase", `<div>是</div><div id="ntes-mailmaster-quote">---- 回复的原邮件 ----<div>对吗</div></div>`, "是"},
		{"Zoho", `<div>Yes</div><div class="zmail_extra"><div>---- On Mon, 02 Feb 2026 10:00:00 +0100 Open Letter wrote ----</div><blockquote>Answer yes</blockquote></div>`, "Yes"},
		{"Roundcube", `<p>Yes</p><p id="reply-intro">On 2026-02-02 10:00, Open Letter wrote:</p><blockquote type="cite">Answer yes</blockquote>`, "Yes"},
		{"Thunderbird forward", `<p>Yes</p><div class="moz-forward-container">-------- Forwarded Message --------<table><tr><th>Subject:</th><td>x</td></tr></table>Answer yes</div>`, "Yes"},
		{"Mail.ru", `<div>Да</div><blockquote style="border-left:1px solid #0857A6; margin:10px">Понедельник, 2 февраля 2026, 10:00 +03:00 от Open Letter:<div>Да?</div></blockquote>`, "Да"},
		{"a form named quote mark", `<div name="quoted price">Yes</div>`, "Yes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(mailOf("From: a@example.org", "Content-Type: text/html; charset=utf-8", "", tt.html))
			if strings.Join(strings.Fields(m.New), "\n") != tt.want {
				t.Errorf("new text %q, want %q (text %q)", m.New, tt.want, m.Text)
			}
		})
	}
}
