package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// mailbox logs in and looks, changing nothing. It reports whether mail can be read there.
func (r *report) mailbox(ctx context.Context, name string, c *Config) bool {
	m, what := c.Mailbox[name], "mailbox "+name
	ctx, cancel := context.WithTimeout(ctx, 2*stepLimit)
	defer cancel()
	client, err := dialIMAP(ctx, m)
	if err != nil {
		r.fail(what, "%s", explain(err, m.Server))
		return false
	}
	defer client.Close()
	r.ok(what, "logged in at %s", m.Server)
	data, err := client.Select(m.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		r.fail(what, "the folder %s cannot be opened (%s). There are: %s", m.Folder, said(err), strings.Join(folders(client), ", "))
		return false
	}
	r.older(what, client, m, c, data.NumMessages)
	r.capabilities(what, client.Caps(), m)
	if m.After == "keyword" && !slices.Contains(data.PermanentFlags, imap.FlagWildcard) {
		r.note(what, `the server allows no keywords of ours: after = "keyword" does nothing`)
	}
	if m.Junk != "" {
		if _, err := client.Select(m.Junk, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			r.note(what, "the junk folder %s cannot be opened. There are: %s", m.Junk, strings.Join(folders(client), ", "))
		}
	}
	return true
}

// older says how much mail lies there, and how much of it will not be answered (U01, R58).
func (r *report) older(what string, client *imapclient.Client, m Mailbox, c *Config, total uint32) {
	before := time.Now().Add(-time.Duration(c.AnswerWithin))
	if c.AnswerFrom.After(before) {
		before = c.AnswerFrom.Time
	}
	data, err := client.UIDSearch(&imap.SearchCriteria{Before: before}, nil).Wait()
	if err != nil {
		r.note(what, "the folder %s holds %d mails", m.Folder, total)
		return
	}
	r.ok(what, "the folder %s holds %d mails; %d came before %s and are not answered by themselves", m.Folder, total, len(data.AllUIDs()), before.Format(time.DateOnly))
}

// capabilities names what the server lacks, and what that means.
func (r *report) capabilities(what string, caps imap.CapSet, m Mailbox) {
	var has []string
	for _, c := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus} {
		if caps.Has(c) {
			has = append(has, string(c))
		}
	}
	if len(has) > 0 {
		r.ok(what, "the server knows %s", strings.Join(has, ", "))
	}
	if !caps.Has(imap.CapIdle) {
		r.note(what, "without IDLE new mail is noticed within a minute, not at once")
	}
	if m.After == "move" && !caps.Has(imap.CapMove) {
		r.note(what, `without MOVE mail stays where it is: after = "move" does nothing`)
	}
	if m.After == "move" && !caps.Has(imap.CapUIDPlus) {
		r.note(what, "without UIDPLUS nobody learns where a moved mail went")
	}
}

// folders are the names on the server, for a person who named a wrong one.
func folders(client *imapclient.Client) []string {
	list, err := client.List("", "*", nil).Collect()
	if err != nil {
		return []string{"(" + said(err) + ")"}
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Mailbox)
	}
	return names[:min(len(names), 30)]
}

// dialIMAP connects and logs in as the poller would. The connection ends with ctx:
// the library itself knows no time limits.
func dialIMAP(ctx context.Context, m Mailbox) (*imapclient.Client, error) {
	host, _, err := splitServer(m.Server)
	if err != nil {
		return nil, err
	}
	roots, err := rootCAs(m.CAFile)
	if err != nil {
		return nil, err
	}
	security := &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	dialer := net.Dialer{Timeout: stepLimit}
	conn, err := dialer.DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	client, err := greet(ctx, conn, m.Security, security)
	if err != nil {
		_ = conn.Close()
		return nil, inTime(ctx, err)
	}
	if err := client.Login(m.Username, m.Password).Wait(); err != nil {
		_ = client.Close()
		return nil, inTime(ctx, err)
	}
	return client, nil
}

// greet protects the connection as configured and waits for the server's greeting.
func greet(ctx context.Context, conn net.Conn, security string, config *tls.Config) (*imapclient.Client, error) {
	options := &imapclient.Options{TLSConfig: config}
	if security == "starttls" {
		return imapclient.NewStartTLS(conn, options)
	}
	if security == "tls" {
		protected := tls.Client(conn, config)
		if err := protected.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = protected
	}
	client := imapclient.New(conn, options)
	if err := client.WaitGreeting(); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// inTime names the time limit as the cause, where it closed the connection.
func inTime(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}
