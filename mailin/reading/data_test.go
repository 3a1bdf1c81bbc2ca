package reading

import (
	"testing"

	"countersign/petition"
)

// TestWants: who asks for their data is heard in every language (R60), and nobody else is.
func TestWants(t *testing.T) {
	r, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range r.Languages() {
		if w := r.data[tag]; len(w.Data) == 0 || len(w.Erase) == 0 || len(w.See) == 0 {
			t.Errorf("data.toml has no words in %s", tag)
		}
	}
	for _, c := range []struct {
		language string
		text     string
		want     petition.Purpose
	}{
		{"en", "Hello,\n\nplease delete all my personal data.\n\nRegards, Anna", petition.PurposeErase},
		{"en", "I ask you, under art. 17 GDPR, to act without delay.", petition.PurposeErase},
		{"en", "What personal data do you keep about me?", petition.PurposeSee},
		{"en", "Could you send me a copy of my data?", petition.PurposeSee},
		{"en", "Please withdraw our signature. And erase our data.", petition.PurposeErase},
		{"en", "Please show me my data, then delete my data.", petition.PurposeErase},
		{"en", "Do you delete my data after the campaign?", ""},
		{"en", "Please do not delete my data.", ""},
		{"en", "Please delete the second comma. My data plan is fine.", ""},
		{"en", "Please remove us from the list.", ""},
		{"en", "Open data for all: we want to see what the ministry keeps.", ""},
		{"en", "Your data are safe with us. Delete your data any time.", ""},
		{"de", "Bitte löschen Sie alle meine Daten.", petition.PurposeErase},
		{"de", "Ich bitte um Auskunft, welche personenbezogenen Daten Sie über mich speichern.", petition.PurposeSee},
		{"de", "Bitte löschen Sie meine Daten nicht.", ""},
		{"fr", "Merci de supprimer toutes mes données personnelles.", petition.PurposeErase},
		{"fr", "Je souhaite une copie de mes données.", petition.PurposeSee},
		{"es", "Por favor, borren todos mis datos personales.", petition.PurposeErase},
		{"it", "Vi chiedo di cancellare i miei dati personali.", petition.PurposeErase},
		{"nl", "Kunt u mij inzage geven in mijn gegevens?", petition.PurposeSee},
		{"pl", "Proszę usunąć moje dane osobowe.", petition.PurposeErase},
		{"pt", "Peço que apaguem os meus dados.", petition.PurposeErase},
		{"ru", "Прошу удалить мои персональные данные.", petition.PurposeErase},
		{"uk", "Прошу видалити мої персональні дані.", petition.PurposeErase},
		{"sr", "Molim vas da izbrišete moje podatke.", petition.PurposeErase},
		{"tr", "Lütfen kişisel verilerimi siliniz.", petition.PurposeErase},
		{"el", "Παρακαλώ διαγράψτε τα δεδομένα μου.", petition.PurposeErase},
		{"ar", "أرجو حذف بياناتي الشخصية.", petition.PurposeErase},
		{"fa", "لطفا اطلاعات من را حذف نمایید.", petition.PurposeErase},
		{"he", "נא למחוק את המידע שלי.", petition.PurposeErase},
		{"hi", "कृपया मेरा डेटा हटाएँ।", petition.PurposeErase},
		{"ja", "個人情報を削除してください。", petition.PurposeErase},
		{"ko", "제 개인정보를 삭제해 주세요.", petition.PurposeErase},
		{"zh", "请删除我的个人信息。", petition.PurposeErase},
		{"und", "Prosím: delete my data.", petition.PurposeErase},
	} {
		if got := r.wants(c.text, c.language); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.language, c.text, got, c.want)
		}
	}
}
