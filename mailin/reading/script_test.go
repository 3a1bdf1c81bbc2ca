package reading

import "testing"

func TestWritten(t *testing.T) {
	for _, tt := range []struct{ tag, text, want string }{
		{"sr", "Желимо да потпишемо ово писмо. Library Friends", "sr"},
		{"sr", "Želimo da potpišemo ovo pismo.", "sr-Latn"},
		{"sr", "", "sr"},
		{"zh", "我们希望签署这封公开信。", "zh"},
		{"zh", "我們希望簽署這封公開信。", "zh-Hant"},
		{"zh", "您好", "zh"},
		{"de", "Wir unterschreiben", "de"},
		{"und", "", "und"},
	} {
		if got := written(tt.tag, tt.text); got != tt.want {
			t.Errorf("written(%s, %s) = %s, want %s", tt.tag, tt.text, got, tt.want)
		}
	}
}
