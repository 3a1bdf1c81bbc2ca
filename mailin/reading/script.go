package reading

import (
	"strings"
	"unicode"
)

// Letters of common words that are written in one of the two Chinese scripts only.
const (
	traditional = "們這個說會來時對為國學後過還開關點問東車長書圖館協請與務電體應該經將見現樣讓員議團組織聯署簽復確認訊單動實發頭麼樂機構環貴無號門總"
	simplified  = "们这个说会来时对为国学后过还开关点问东车长书图馆协请与务电体应该经将见现样让员议团组织联署签复确认讯单动实发头么乐机构环贵无号门总"
)

// written adds the script to the tag of a language that people write in two, where the
// text is in the less expected one: sr-Latn, zh-Hant. The answer is written likewise.
func written(tag, text string) string {
	switch tag {
	case "sr":
		latin, cyrillic := 0, 0
		for _, r := range text {
			switch {
			case unicode.Is(unicode.Cyrillic, r):
				cyrillic++
			case unicode.Is(unicode.Latin, r):
				latin++
			}
		}
		if latin > cyrillic {
			return "sr-Latn"
		}
	case "zh":
		balance := 0
		for _, r := range text {
			t, s := strings.ContainsRune(traditional, r), strings.ContainsRune(simplified, r)
			if t && !s {
				balance++
			} else if s && !t {
				balance--
			}
		}
		if balance > 0 {
			return "zh-Hant"
		}
	}
	return tag
}
