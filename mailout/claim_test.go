package mailout

import (
	"testing"
	"time"
)

func TestRoom(t *testing.T) {
	begun := time.Date(2026, 5, 12, 14, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		inHand int           // before anything went out
		gone   int           // went out
		within time.Duration // evenly
		later  time.Duration // asked after that
		want   int
	}{
		{"nothing went out yet", 0, 0, 0, 0, 4},
		{"one free", 3, 0, 0, 0, 1},
		{"none free", 4, 0, 0, 0, 0},
		{"slow: one for each free connection", 4, 4, 4 * time.Second, 0, 4},
		{"all four at the same time", 4, 4, 0, 0, 4},
		{"quick", 20, 20, 50 * time.Millisecond, 0, 20},
		{"quicker", 200, 200, moment, 0, 4 + maxAhead},
		{"half of what goes ahead is in hand", 236, 200, moment, 0, 4 + maxAhead - 36},
		{"less than half is free", 237, 200, moment, 0, 0},
		{"quick, and then nothing for a while", 204, 200, moment, time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := queue{connections: 4, inHand: tt.inHand}
			now := begun
			for range tt.gone {
				now = now.Add(tt.within / time.Duration(tt.gone))
				q.free(now)
			}
			if got := q.room(now.Add(tt.later)); got != tt.want {
				t.Errorf("room for %d, want %d", got, tt.want)
			}
		})
	}
}
