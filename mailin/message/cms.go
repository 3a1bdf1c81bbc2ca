package message

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"strings"
)

// What a CMS object holds (RFC 5652, RFC 3274, RFC 5083), as far as mail goes.
type cmsKind uint8

const (
	cmsUnknown cmsKind = iota
	cmsSigned
	cmsCompressed
	cmsEncrypted
)

// The limits of reading CMS: levels of tagged values, S/MIME layers around one text, bytes that a layer may inflate to.
const (
	maxBERDepth   = 16
	maxLayers     = 4
	maxInflated   = 8 << 20
	berEndOf      = 0x00
	berInteger    = 0x02
	berOctets     = 0x04
	berOID        = 0x06
	berSequence   = 0x30
	berContext0   = 0xA0
	berConstruct  = 0x20
	berIndefinite = -1
)

// cmsKinds are the object identifiers of what mail carries, in hex of their BER content.
var cmsKinds = map[string]cmsKind{
	"2a864886f70d010702":     cmsSigned,     // 1.2.840.113549.1.7.2
	"2a864886f70d010703":     cmsEncrypted,  // … .7.3 enveloped
	"2a864886f70d010706":     cmsEncrypted,  // … .7.6 encrypted
	"2a864886f70d0109100109": cmsCompressed, // … .9.16.1.9
	"2a864886f70d0109100117": cmsEncrypted,  // … .9.16.1.23 authenticated and enveloped
}

// openCMS finds what a CMS object is, and of one that is signed or compressed the content, tolerating an end that is
// missing. The signature is not verified: who wrote is decided by DKIM (R48).
func openCMS(data []byte) (kind cmsKind, content []byte) {
	outer := berReader{data: data}
	info := outer.enter(berSequence)
	kind = cmsKinds[hex.EncodeToString(info.value(berOID))]
	if kind != cmsSigned && kind != cmsCompressed {
		return kind, nil
	}
	wrapped := info.enter(berContext0)
	object := wrapped.enter(berSequence)
	object.value(berInteger) // version
	object.skip()            // digest algorithms, or the compression algorithm
	encapsulated := object.enter(berSequence)
	encapsulated.value(berOID)
	explicit := encapsulated.enter(berContext0)
	content = explicit.octets(nil, 0)
	if kind != cmsCompressed || len(content) == 0 {
		return kind, content
	}
	r, err := zlib.NewReader(bytes.NewReader(content))
	if err != nil {
		return kind, nil
	}
	inflated, err := io.ReadAll(io.LimitReader(r, maxInflated))
	if err != nil && len(inflated) == 0 {
		return kind, nil
	}
	return kind, inflated // as far as it went
}

// berReader walks over values of BER (X.690); after the first thing it does not understand it yields nothing more.
type berReader struct{ data []byte }

// header reads tag and length; the length is berIndefinite where an end mark follows the value.
func (r *berReader) header() (tag byte, length int, ok bool) {
	if len(r.data) < 2 || r.data[0]&0x1F == 0x1F {
		r.data = nil
		return 0, 0, false
	}
	tag, first := r.data[0], r.data[1]
	r.data = r.data[2:]
	switch {
	case first < 0x80:
		return tag, int(first), true
	case first == 0x80:
		return tag, berIndefinite, tag&berConstruct != 0
	}
	n := int(first & 0x7F)
	if n > 4 || n > len(r.data) {
		r.data = nil
		return 0, 0, false
	}
	for _, b := range r.data[:n] {
		length = length<<8 | int(b)
	}
	r.data = r.data[n:]
	return tag, length, true
}

// enter returns a reader of what is in the next value, if that has the tag. What stands behind it is not read any more.
func (r *berReader) enter(tag byte) berReader {
	got, length, ok := r.header()
	if !ok || got != tag {
		return berReader{}
	}
	inner := r.data
	if length != berIndefinite {
		inner = inner[:min(length, len(inner))] // cut off: as far as it goes
	}
	return berReader{inner}
}

// value returns the bytes of the next value, if it is a simple one with the tag.
func (r *berReader) value(tag byte) []byte {
	got, length, ok := r.header()
	if !ok || got != tag || length > len(r.data) || length == berIndefinite {
		r.data = nil
		return nil
	}
	v := r.data[:length]
	r.data = r.data[length:]
	return v
}

// skip steps over the next value, whatever it is.
func (r *berReader) skip() { r.skipLevel(0) }

func (r *berReader) skipLevel(level int) (end bool) {
	tag, length, ok := r.header()
	switch {
	case !ok || level > maxBERDepth:
		r.data = nil
		return true
	case tag == berEndOf && length == 0:
		return true
	case length == berIndefinite:
		for !r.skipLevel(level + 1) {
		}
		return false
	}
	r.data = r.data[min(length, len(r.data)):]
	return false
}

// octets joins a string of octets that may be cut into pieces (X.690 8.7.3).
func (r *berReader) octets(out []byte, level int) []byte {
	for len(r.data) > 0 && level <= maxBERDepth {
		tag, length, ok := r.header()
		if !ok || tag == berEndOf && length == 0 || tag&^berConstruct != berOctets {
			return out
		}
		switch {
		case length == berIndefinite:
			out = r.octets(out, level+1)
		case tag&berConstruct != 0:
			n := min(length, len(r.data))
			inner := berReader{r.data[:n]}
			r.data = r.data[n:]
			out = inner.octets(out, level+1)
		default:
			n := min(length, len(r.data))
			out = append(out, r.data[:n]...)
			r.data = r.data[n:]
		}
	}
	return out
}

// isSMIME: the part is an S/MIME object, also where a server no longer knew its type.
func isSMIME(p *part) bool {
	switch p.mediaType {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return true
	case "application/octet-stream", "application/x-pkcs7", "application/pkcs7":
		name := strings.ToLower(p.filename)
		return strings.HasSuffix(name, ".p7m") || strings.HasSuffix(name, ".p7z")
	}
	return false
}

// smime reads what an S/MIME object holds as part of the mail (R26, RFC 8551 3.5): signed and compressed content like the
// text and the files that it wraps; encrypted mail is recognised.
func (c *collector) smime(p *part, data []byte) {
	kind, content := openCMS(data)
	declared := strings.ToLower(p.params["smime-type"])
	switch {
	case kind == cmsEncrypted, kind == cmsUnknown && declared != "signed-data" && declared != "certs-only" && declared != "compressed-data":
		c.m.Encrypted = true
	case kind == cmsUnknown:
		c.m.beyond("S/MIME object is damaged: not opened")
	case len(content) == 0 && declared != "certs-only" && !strings.HasSuffix(strings.ToLower(p.filename), ".p7c"):
		c.m.defect("S/MIME object without content")
	case len(content) == 0: // certificates only
	case c.layers >= maxLayers:
		c.m.beyond("S/MIME layers beyond the limit: not read")
	default:
		c.layers++
		inner := &walker{m: c.m, budget: c.budget, data: content, base: c.depth + c.layers}
		c.body(inner.entity("", false))
	}
}
