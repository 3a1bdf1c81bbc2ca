package message

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkCorpus parses every mail below COUNTERSIGN_CORPORA/spamassassin, else those of testdata; one operation is one mail.
func BenchmarkCorpus(b *testing.B) {
	root := "testdata/golden"
	if dir := os.Getenv("COUNTERSIGN_CORPORA"); dir != "" {
		root = filepath.Join(dir, "spamassassin", "mails")
	}
	var mails [][]byte
	size := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := os.ReadFile(path)
		mails, size = append(mails, raw), size+len(raw)
		return err
	})
	if err != nil || len(mails) == 0 {
		b.Fatalf("no mails: %v", err)
	}
	b.SetBytes(int64(size / len(mails)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		Parse(mails[i%len(mails)])
		i++
	}
}
