package mailout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"countersign/petition"
)

func TestPause(t *testing.T) {
	tests := []struct {
		attempts int
		random   float64
		want     time.Duration
	}{
		{1, 0, time.Minute},
		{1, 0.5, time.Minute + 6*time.Second},
		{2, 0, 2 * time.Minute},
		{5, 0, 16 * time.Minute},
		{8, 0, 128 * time.Minute},
		{9, 0, 4 * time.Hour},
		{9, 1, 4*time.Hour + 48*time.Minute},
		{1000, 0, 4 * time.Hour},
		{0, 0, time.Minute},
	}
	for _, tt := range tests {
		if got := pause(tt.attempts, tt.random); got != tt.want {
			t.Errorf("pause(%d, %v) = %v, want %v", tt.attempts, tt.random, got, tt.want)
		}
	}
}

func TestSpent(t *testing.T) {
	tests := []struct {
		attempts int
		want     time.Duration
	}{{1, 0}, {2, time.Minute}, {4, 7 * time.Minute}, {9, 255 * time.Minute}, {10, 255*time.Minute + 4*time.Hour}}
	for _, tt := range tests {
		if got := spent(tt.attempts); got != tt.want {
			t.Errorf("spent(%d) = %v, want %v", tt.attempts, got, tt.want)
		}
	}
	if got := spent(1 << 40); got < keepOurs {
		t.Errorf("spent(very many) = %v", got)
	}
}

func TestAway(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 6: 160 * time.Second, 7: 5 * time.Minute, 99: 5 * time.Minute} {
		if got := away(failures); got != want {
			t.Errorf("away(%d) = %v, want %v", failures, got, want)
		}
	}
}

func TestJudgeAndSettle(t *testing.T) {
	at := func(s stage, err error) error { return &sendError{s, err} }
	now := brussels(12, 5, 14, 0)
	tests := []struct {
		name     string
		err      error
		attempts int
		verdict  verdict
		state    petition.NoticeState
		again    time.Duration
	}{
		{"sent", nil, 1, sent, petition.NoticeSent, 0},
		{"4xx", at(stageTo, refuse(450, 4, 2, 1, "busy")), 1, later, petition.NoticeDue, time.Minute},
		{"4xx for two days", at(stageTo, refuse(450, 4, 2, 1, "busy")), 30, later, petition.NoticeFailed, 0},
		{"421", at(stageData, refuse(421, 4, 3, 2, "closing")), 2, lost, petition.NoticeDue, 2 * time.Minute},
		{"5xx recipient", at(stageTo, refuse(550, 5, 1, 1, "unknown")), 1, refused, petition.NoticeFailed, 0},
		{"5xx without enhanced code", at(stageTo, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "no"}), 1, refused, petition.NoticeFailed, 0},
		{"5xx content", at(stageContent, refuse(552, 5, 3, 4, "too big")), 1, refused, petition.NoticeFailed, 0},
		{"5.7.x is ours (R44)", at(stageContent, refuse(550, 5, 7, 26, "unauthenticated")), 1, ours, petition.NoticeDue, time.Minute},
		{"5.7.x after two days waits on", at(stageContent, refuse(550, 5, 7, 26, "unauthenticated")), 30, ours, petition.NoticeDue, 4 * time.Hour},
		{"5.7.x after weeks", at(stageContent, refuse(550, 5, 7, 26, "unauthenticated")), 200, ours, petition.NoticeFailed, 0},
		{"5xx sender is ours", at(stageSender, refuse(553, 5, 1, 8, "not yours")), 1, ours, petition.NoticeDue, time.Minute},
		{"530", at(stageTo, refuse(530, 5, 5, 1, "log in first")), 1, ours, petition.NoticeDue, time.Minute},
		{"password", at(stageLogin, refuse(535, 5, 7, 8, "no")), 1, barred, petition.NoticeDue, time.Minute},
		{"login for now", at(stageLogin, refuse(454, 4, 7, 0, "later")), 1, lost, petition.NoticeDue, time.Minute},
		{"greeting", at(stageConnect, refuse(554, 5, 3, 2, "no")), 1, lost, petition.NoticeDue, time.Minute},
		{"network", at(stageConnect, errors.New("connection refused")), 1, lost, petition.NoticeDue, time.Minute},
		{"end of file", at(stageContent, io.ErrUnexpectedEOF), 3, lost, petition.NoticeDue, 4 * time.Minute},
		{"timeout", fmt.Errorf("%w: closed", context.DeadlineExceeded), 1, lost, petition.NoticeDue, time.Minute},
		{"no SMTPUTF8", at(stageSender, errors.New("smtp: server does not support SMTPUTF8")), 1, refused, petition.NoticeFailed, 0},
		{"impossible", fmt.Errorf("%w: no text", ErrCompose), 1, refused, petition.NoticeFailed, 0},
		{"gone", fmt.Errorf("notice 3: %w", petition.ErrNotFound), 1, refused, petition.NoticeFailed, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := judge(tt.err); got != tt.verdict {
				t.Errorf("judge = %v, want %v", got, tt.verdict)
			}
			s := settle(&petition.Notice{ID: 7, Attempts: tt.attempts}, Letter{Masked: "text"}, tt.err, now, 0)
			if s.ID != 7 || s.Attempts != tt.attempts || s.State != tt.state {
				t.Errorf("settle = %+v, want %s", s, tt.state)
			}
			if tt.again > 0 && !s.DueAt.Equal(now.Add(tt.again)) {
				t.Errorf("again after %v, want %v", s.DueAt.Sub(now), tt.again)
			}
			if (s.Text == "text") != (tt.err == nil) || (s.Error == "") != (tt.err == nil) {
				t.Errorf("text %q, error %q", s.Text, s.Error)
			}
		})
	}
}
