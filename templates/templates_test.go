package templates

import "testing"

func set(t *testing.T) *Set {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNew(t *testing.T) {
	if got := set(t).Locales(); len(got) < 2 || got[0] != "en" {
		t.Errorf("locales = %v", got)
	}
}
