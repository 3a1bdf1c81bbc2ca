package mailout

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// pipeline sends MAIL, RCPT and DATA in one write where the server offers it (RFC
// 2920): a mail takes two round trips instead of four. The library waits for each
// answer; it greets, protects and logs in before, and resets and quits after. Between
// two commands nothing is under way, so both may read from the connection in turn.
type pipeline struct {
	conn      net.Conn
	limit     *io.LimitedReader
	text      *textproto.Reader
	out       bytes.Buffer // what goes in one write
	dsn, size bool         // what else the server offers
	timeout   time.Duration
	final     time.Duration // for the answer to a whole mail
}

// maxAnswers is the most that a server may say to one mail, in bytes.
const maxAnswers = 64 << 10

// newPipeline gives nil where the server does not offer PIPELINING.
func newPipeline(conn net.Conn, client *smtp.Client) *pipeline {
	if offered, _ := client.Extension("PIPELINING"); !offered {
		return nil
	}
	limit := &io.LimitedReader{R: conn}
	p := &pipeline{
		conn: conn, limit: limit, text: textproto.NewReader(bufio.NewReader(limit)),
		timeout: client.CommandTimeout, final: client.SubmissionTimeout,
	}
	p.dsn, _ = client.Extension("DSN")
	p.size, _ = client.Extension("SIZE")
	return p
}

// errInData says that the server waits for content that must not come.
var errInData = errors.New("the server takes the content of a mail that it refused")

// send hands the letter over, or fails with a *sendError. What the server says to
// each command is read before the content goes, or does not go.
func (p *pipeline) send(l *Letter) error {
	if strings.ContainsAny(l.EnvelopeFrom+l.To, "\r\n<> ") {
		return &sendError{stageSender, fmt.Errorf("%w: an address that could be more than one", ErrCompose)}
	}
	if err := p.conn.SetDeadline(time.Now().Add(p.timeout)); err != nil {
		return &sendError{stageSender, err}
	}
	p.limit.N = maxAnswers
	p.envelope(l)
	if err := p.flush(); err != nil {
		return &sendError{stageSender, err}
	}
	var first error
	for _, expected := range []struct {
		stage stage
		code  int
	}{{stageSender, 250}, {stageTo, 25}, {stageData, 354}} {
		err := p.answer(expected.code)
		_, refused := errors.AsType[*smtp.SMTPError](err)
		switch {
		case err != nil && !refused && first != nil:
			return first // it refused, and hung up
		case err != nil && !refused:
			return &sendError{expected.stage, err}
		case err != nil && first == nil:
			first = &sendError{expected.stage, err}
		case err == nil && first != nil && expected.stage == stageData:
			// RFC 2920, 3.1: the content would be for nobody. The connection ends instead.
			first = errors.Join(first, errInData)
		}
	}
	if first != nil {
		return first
	}
	if err := p.content(l.Raw); err != nil {
		return &sendError{stageContent, err}
	}
	return nil
}

func (p *pipeline) envelope(l *Letter) {
	fmt.Fprintf(&p.out, "MAIL FROM:<%s>", l.EnvelopeFrom)
	if p.size {
		fmt.Fprintf(&p.out, " SIZE=%d", len(l.Raw))
	}
	if p.dsn {
		p.out.WriteString(" RET=HDRS")
		if l.EnvelopeID != "" {
			p.out.WriteString(" ENVID=" + xtext(l.EnvelopeID))
		}
	}
	fmt.Fprintf(&p.out, "\r\nRCPT TO:<%s>\r\nDATA\r\n", l.To)
}

// content writes the message with dots doubled at the beginning of lines (RFC 5321, 4.5.2).
func (p *pipeline) content(raw []byte) error {
	if err := p.conn.SetDeadline(time.Now().Add(p.final)); err != nil {
		return err
	}
	if bytes.HasPrefix(raw, []byte(".")) {
		p.out.WriteByte('.')
	}
	for {
		at := bytes.Index(raw, []byte("\n."))
		if at < 0 {
			break
		}
		p.out.Write(raw[:at+2])
		raw = raw[at+1:] // from the dot on: it is there twice
	}
	p.out.Write(raw)
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		p.out.WriteString("\r\n")
	}
	p.out.WriteString(".\r\n")
	if err := p.flush(); err != nil {
		return err
	}
	return p.answer(250)
}

func (p *pipeline) flush() error {
	_, err := p.conn.Write(p.out.Bytes())
	p.out.Reset()
	return err
}

// answer reads one answer. A refusal is an *smtp.SMTPError, as the library's are.
func (p *pipeline) answer(expected int) error {
	_, _, err := p.text.ReadResponse(expected)
	answer, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return err
	}
	refusal := &smtp.SMTPError{Code: answer.Code, Message: answer.Msg}
	code, words, _ := strings.Cut(answer.Msg, " ")
	var e smtp.EnhancedCode // RFC 2034: at the beginning of each line
	if n, err := fmt.Sscanf(code+" ", "%d.%d.%d ", &e[0], &e[1], &e[2]); n == 3 && err == nil {
		refusal.EnhancedCode, refusal.Message = e, strings.ReplaceAll(words, "\n"+code+" ", "\n")
	}
	return refusal
}

// xtext is RFC 3461, 4.
func xtext(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < '!' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
