package message

// HTML is the HTML form as sent, for a sanitiser; "" when there is none. It is
// decoded when somebody asks, from the raw bytes, which must not have changed.
func (m *Message) HTML() string {
	if m.html == nil {
		return ""
	}
	return clean(m.html())
}

func (c *collector) keepHTML(p *part) {
	p = leafOf(p, "text/html")
	if p == nil || c.m.html != nil || len(p.body) > maxHTML {
		return
	}
	c.m.html = func() string {
		aside := collector{m: &Message{}} // what is odd about it was never read
		return aside.decode(decodeTransfer(p.body, p.encoding, aside.m), p, true)
	}
}
