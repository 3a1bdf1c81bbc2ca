package main

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// envPrefix begins the name of every environment variable that overrides a key:
// smtp.server is COUNTERSIGN_SMTP_SERVER.
const envPrefix = "COUNTERSIGN_"

// setTree sets every value of a TOML table and returns what could not be set, in the order of the keys.
func (c *Config) setTree(at string, tree map[string]any) []error {
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		key := strings.TrimPrefix(at+"."+name, ".")
		if table, ok := tree[name].(map[string]any); ok {
			mistakes = append(mistakes, c.setTree(key, table)...)
			continue
		}
		if err := c.set(key, tree[name]); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", key, err))
		}
	}
	return mistakes
}

// override lets the environment set keys. A variable COUNTERSIGN_MAILBOX_NAME_KEY
// makes the mailbox where the file has none of that name.
func (c *Config) override(environ []string) []error {
	names := make(map[string]string) // variable → key
	for _, key := range keysOf(reflect.TypeFor[Config](), "") {
		names[envName(key)] = key
	}
	var mistakes []error
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(variable, "=")
		key := names[name]
		if rest, ok := strings.CutPrefix(name, envPrefix+"MAILBOX_"); ok {
			key = c.mailboxKey(rest)
		}
		if key == "" {
			continue
		}
		if err := c.set(key, value); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, err))
		}
	}
	return mistakes
}

// mailboxKey finds the key that INFO_PASSWORD_FILE means: mailbox.info.password_file.
func (c *Config) mailboxKey(rest string) string {
	best, box := "", ""
	for _, key := range keysOf(reflect.TypeFor[Mailbox](), "") {
		name, ok := strings.CutSuffix(rest, "_"+strings.ToUpper(key))
		if ok && len(key) > len(best) && name != "" {
			best, box = key, name
		}
	}
	if best == "" {
		return ""
	}
	for name := range c.Mailbox {
		if envName(name) == envPrefix+box {
			return "mailbox." + name + "." + best
		}
	}
	return "mailbox." + strings.ReplaceAll(strings.ToLower(box), "_", "-") + "." + best
}

// envName is the environment variable of a key.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// keysOf lists the keys of a struct, without those of the mailboxes, which have names.
func keysOf(t reflect.Type, at string) []string {
	var keys []string
	for f := range t.Fields() {
		key := at + f.Tag.Get("toml")
		switch {
		case f.Type.Kind() == reflect.Map:
		case isTable(f.Type):
			keys = append(keys, keysOf(f.Type, key+".")...)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// isTable reports whether a field is a table of its own rather than a value.
func isTable(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

var errNoKey = errors.New("there is no such key")

// set gives one key a value: of the kind that TOML gave it, or a string that is read as that kind.
func (c *Config) set(key string, value any) error {
	name, rest, _ := strings.Cut(key, ".")
	if name == "mailbox" {
		box, field, ok := strings.Cut(rest, ".")
		if !ok {
			return errors.New("mailboxes are tables: [mailbox.NAME]")
		}
		m, known := c.Mailbox[box]
		if !known {
			m = mailboxDefaults()
		}
		err := setField(reflect.ValueOf(&m).Elem(), field, value)
		c.Mailbox[box] = m
		return err
	}
	return setField(reflect.ValueOf(c).Elem(), key, value)
}

// setField finds the field of a dotted key and sets it.
func setField(table reflect.Value, key string, value any) error {
	name, rest, deeper := strings.Cut(key, ".")
	for f, v := range table.Fields() {
		if f.Tag.Get("toml") != name {
			continue
		}
		if isTable(f.Type) {
			if !deeper {
				return errors.New("this is a table")
			}
			return setField(v, rest, value)
		}
		if deeper {
			return errNoKey
		}
		return setValue(v, value)
	}
	return errNoKey
}

// setValue converts and stores one value.
func setValue(v reflect.Value, value any) error {
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return setText(text, value)
	}
	switch v.Kind() {
	case reflect.String:
		s, ok := value.(string)
		if !ok {
			return fmt.Errorf("%v needs quotes", value)
		}
		v.SetString(s)
	case reflect.Bool:
		b, err := asBool(value)
		if err != nil {
			return err
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := asInt(value)
		if err != nil {
			return err
		}
		v.SetInt(n)
	case reflect.Slice:
		list, err := asList(value)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(list))
	default:
		return fmt.Errorf("keys of kind %s are not known", v.Kind())
	}
	return nil
}

func setText(into encoding.TextUnmarshaler, value any) error {
	switch x := value.(type) {
	case string:
		return into.UnmarshalText([]byte(x))
	case time.Time: // TOML has dates of its own
		return into.UnmarshalText([]byte(x.Format(time.RFC3339)))
	default:
		return fmt.Errorf("%v needs quotes", value)
	}
}

func asBool(value any) (bool, error) {
	switch x := value.(type) {
	case bool:
		return x, nil
	case string:
		if b, err := strconv.ParseBool(x); err == nil {
			return b, nil
		}
	}
	return false, fmt.Errorf("%v is neither true nor false", value)
}

func asInt(value any) (int64, error) {
	switch x := value.(type) {
	case int64:
		return x, nil
	case string:
		if n, err := strconv.ParseInt(x, 10, 32); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%v is not a whole number", value)
}

// asList reads a list of strings; in the environment they are separated by commas.
func asList(value any) ([]string, error) {
	var list []string
	switch x := value.(type) {
	case string:
		for item := range strings.SplitSeq(x, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list, nil
	case []any:
		for _, item := range x {
			s, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%v needs quotes", item)
			}
			list = append(list, s)
		}
		return list, nil
	default:
		return nil, errors.New(`it is a list: ["…", "…"]`)
	}
}
