package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"countersign/petition"
)

const (
	stylesheet = "countersign.css"
	longFile   = 1 << 20 // bytes; beyond it the best compression takes five times as long for two in a hundred
)

// file is something ready to be sent: a static file, a rendered page, an export.
// It never changes once made.
type file struct {
	raw, gz           []byte
	header, gzHeader  fileHeader
	etag, gzETag, tag string // strong, one a coding (RFC 9110 section 8.8.3); tag is the bare hash
}

// fileHeader is what one coding of a file says of itself, all but Cache-Control.
// The slices are shared by all answers and never written to.
type fileHeader struct{ kind, vary, etag, length, coding []string }

// newFile compresses once, so that no request does.
func newFile(contentType string, raw []byte, vary string) file {
	sum := sha256.Sum256(raw)
	tag := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
	f := file{raw: raw, tag: tag, etag: `"` + tag + `"`, gzETag: `"` + tag + `-gz"`}
	var b bytes.Buffer
	level := gzip.BestCompression
	if len(raw) > longFile {
		level = gzip.DefaultCompression
	}
	z, err := gzip.NewWriterLevel(&b, level)
	if err == nil {
		_, err = z.Write(raw)
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil && b.Len() < len(raw) {
		f.gz = b.Bytes()
	}
	f.header = fileHeader{kind: []string{contentType}, vary: []string{vary}, etag: []string{f.etag}, length: []string{strconv.Itoa(len(raw))}}
	f.gzHeader = fileHeader{
		kind: f.header.kind, vary: f.header.vary, etag: []string{f.gzETag}, length: []string{strconv.Itoa(len(f.gz))}, coding: []string{"gzip"},
	}
	return f
}

// send answers with the file, with 304 where the visitor has it. It allocates
// next to nothing: this is the hot path of the site.
func (f *file) send(w http.ResponseWriter, r *http.Request, cacheControl []string) {
	h := w.Header()
	h["Cache-Control"] = cacheControl
	fixed, body := &f.header, f.raw
	if f.gz != nil && acceptsGzip(r.Header["Accept-Encoding"]) {
		fixed, body = &f.gzHeader, f.gz
	}
	h["Etag"], h["Vary"] = fixed.etag, fixed.vary
	if f.matches(r.Header["If-None-Match"]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"], h["Content-Length"] = fixed.kind, fixed.length
	if fixed.coding != nil {
		h["Content-Encoding"] = fixed.coding
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		writeJoined(w, r, body)
	}
}

// matches compares weakly (RFC 9110 section 13.1.2): proxies that compress on their
// own turn our strong tag into a weak one.
func (f *file) matches(values []string) bool {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == f.etag || one == f.gzETag || one == "*" {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 section 12.5.3) as far as gzip goes.
func acceptsGzip(values []string) bool {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			coding, q, weighted := strings.Cut(one, ";")
			if coding = strings.TrimSpace(coding); coding != "*" && !strings.EqualFold(coding, "gzip") {
				continue
			}
			if !weighted {
				return true
			}
			weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.ReplaceAll(q, " ", ""), "q="), 64)
			return err == nil && weight > 0
		}
	}
	return false
}

// loadFiles reads the static files once; they are part of the binary.
func loadFiles(dir fs.FS) (map[string]file, error) {
	files := map[string]file{}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		raw, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return nil, err
		}
		kind := mime.TypeByExtension(path.Ext(e.Name()))
		if kind == "" {
			kind = "application/octet-stream"
		}
		files[e.Name()] = newFile(kind, raw, "Accept-Encoding")
	}
	return files, nil
}

// fileURL is the address of a static file with its hash: it may be kept for ever.
func (s *Server) fileURL(name string) string { return "/static/" + name + "?v=" + s.files[name].tag }

func (s *Server) getStatic(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.PathValue("file")]
	if !ok {
		s.fail(w, r, petition.ErrNotFound)
		return
	}
	cache := "no-cache"
	if r.URL.Query().Get("v") == f.tag {
		cache = "public, max-age=31536000, immutable"
	}
	f.send(w, r, []string{cache})
}

// getRobots keeps search engines from links that are for one person.
func (s *Server) getRobots(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files["robots.txt"]
	if !ok {
		s.fail(w, r, petition.ErrNotFound)
		return
	}
	f.send(w, r, []string{"no-cache"})
}
