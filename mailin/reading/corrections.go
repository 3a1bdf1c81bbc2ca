package reading

import (
	"slices"
	"strings"

	"countersign/petition"
)

// changed reads a correction: the name as it should be, and as it was.
func (c *mailCase) changed() []name {
	names := c.slots(c.body, bit(catNewName, catCorrect))
	names = append(c.afterColon(), names...)
	var old name
	for _, h := range c.body.hits {
		if h.slot != slotOld {
			continue
		}
		if n, ok := c.fill(c.body, h); ok {
			old = n
			break
		}
	}
	out := names[:0]
	for _, n := range names {
		if old.page != nil && n.a < old.b && old.a < n.b || strings.EqualFold(n.text, old.text) {
			continue
		}
		n.old = old.text
		out = append(out, n)
	}
	if len(out) > 1 {
		out = out[:1]
	}
	return c.distinct(out)
}

// afterColon reads "please correct: X", "the full name: X".
func (c *mailCase) afterColon() []name {
	p := c.body
	for _, h := range p.hits {
		if i := int(h.b); (h.category == catCorrect || h.category == catLabelOrganization || h.category == catNewName) && i+1 < len(p.toks) && p.toks[i].mark == ':' && p.toks[i+1].lines < breakBlank {
			if n, ok := p.right(i + 1); ok && c.plausible(&n) && !n.page.has(n.a, 1<<catOldName) {
				return []name{n}
			}
		}
	}
	return nil
}

// notOld drops the name that a correction wants replaced.
func (c *mailCase) notOld(intent petition.Intent, names []name) []name {
	if intent != petition.Correction {
		return names
	}
	old := map[string]bool{}
	for _, h := range c.body.hits {
		if h.slot == slotOld {
			if n, ok := c.fill(c.body, h); ok {
				old[key(n.text)] = true
			}
		}
	}
	c.outside = slices.DeleteFunc(c.others(), func(n candidate) bool { return old[key(n.text)] })
	return slices.DeleteFunc(names, func(n name) bool { return old[key(n.text)] })
}
