package main

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// An overlay lays layers over one Config: the shipped file, the user's file, the environment, the command line. It stops at
// no fault but gathers all, each with the place it came from and the remedy.
type overlay struct {
	config   *Config
	settings []*setting // in the order of Config
	sections []string   // names of the groups: rooms, names, …
	faults   []string
}

// A setting is one key and the place in the Config that holds its value.
type setting struct {
	key   string // names.hold
	value any    // *string, *bool, *int, *[]string or an encoding.TextUnmarshaler
	from  string // where the value came from: my.yaml:14: names.hold, TINCAN_NAMES_HOLD, --data
}

// env is the environment variable of the setting.
func (s *setting) env() string {
	return "TINCAN_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

// newOverlay begins with what is shipped.
func newOverlay() *overlay {
	o := &overlay{config: new(Config)}
	o.walk("", reflect.ValueOf(o.config).Elem())
	o.file(shippedName, shipped)
	return o
}

func (o *overlay) walk(prefix string, group reflect.Value) {
	for i := range group.NumField() {
		key := prefix + group.Type().Field(i).Tag.Get("key")
		field := group.Field(i)
		if field.Kind() == reflect.Struct {
			o.sections = append(o.sections, key)
			o.walk(key+".", field)
			continue
		}
		o.settings = append(o.settings, &setting{key: key, value: field.Addr().Interface()})
	}
}

func (o *overlay) find(key string) *setting {
	for _, s := range o.settings {
		if s.key == key {
			return s
		}
	}
	return nil
}

func (o *overlay) keys() []string {
	var ks []string
	for _, s := range o.settings {
		ks = append(ks, s.key)
	}
	return ks
}

func (o *overlay) fault(from, format string, args ...any) {
	o.faults = append(o.faults, from+": "+fmt.Sprintf(format, args...))
}

// file lays a YAML file over what is there. name is how faults call it. A file, a section or a key without content leaves what
// is there.
func (o *overlay) file(name string, text []byte) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // editors of Windows begin a file with it
	parsed, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		o.syntax(name, text, err)
		return
	}
	var bodies []ast.Node
	for _, d := range parsed.Docs {
		if d.Body != nil && d.Body.Type() != ast.NullType {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) == 0 {
		return
	}
	if len(bodies) > 1 {
		o.fault(at(name, bodies[1]), "a second document begins; keep one, and take the line --- out")
		return
	}
	o.group(name, "", bodies[0], make(map[string]int))
}

// syntax reports a file that is not YAML.
func (o *overlay) syntax(name string, text []byte, err error) {
	var bad *yaml.SyntaxError
	if !errors.As(err, &bad) {
		o.fault(name, "%v", err)
		return
	}
	where := name
	if t := bad.GetToken(); t != nil && t.Position != nil {
		line := t.Position.Line
		where += ":" + strconv.Itoa(line)
		if lines := bytes.Split(text, []byte("\n")); line <= len(lines) {
			blank := lines[line-1][:len(lines[line-1])-len(bytes.TrimLeft(lines[line-1], " \t"))]
			if bytes.ContainsRune(blank, '\t') {
				o.fault(where, "the line is indented with a tab; YAML wants spaces, two for each level")
				return
			}
		}
	}
	o.fault(where, "this is not YAML: %s; compare with what tincan config prints", bad.GetMessage())
}

// group lays one mapping over the settings below prefix. seen holds the lines of the keys that the file had already.
func (o *overlay) group(name, prefix string, node ast.Node, seen map[string]int) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		if prefix == "" {
			o.fault(at(name, node), "keys and values are wanted, such as name: camp")
		} else {
			section := strings.TrimSuffix(prefix, ".")
			o.fault(at(name, node), "%s holds keys of its own, such as %s; write them below it, indented by two spaces", section, o.example(prefix))
		}
		return
	}
	for _, pair := range mapping.Values {
		where := at(name, pair.Key)
		key := prefix + pair.Key.GetToken().Value
		if line, twice := seen[key]; twice {
			o.fault(where, "%s is there twice, first in line %d; keep one", key, line)
			continue
		}
		seen[key] = pair.Key.GetToken().Position.Line
		switch s := o.find(key); {
		case s != nil:
			o.leaf(where+": "+key, s, pair.Value)
		case slices.Contains(o.sections, key):
			if pair.Value.Type() != ast.NullType {
				o.group(name, key+".", pair.Value, seen)
			}
		default:
			o.fault(where, "unknown key %s%s", key, didYouMean(nearest(key, append(o.keys(), o.sections...))))
		}
	}
}

// example is the first key below prefix, with the value that it has.
func (o *overlay) example(prefix string) string {
	for _, s := range o.settings {
		if key, ok := strings.CutPrefix(s.key, prefix); ok {
			return key + ": " + s.text()
		}
	}
	return ""
}

// leaf takes the value of one key.
func (o *overlay) leaf(from string, s *setting, node ast.Node) {
	switch n := node.(type) {
	case *ast.NullNode:
		return
	case *ast.MappingNode:
		o.fault(from, "a value is wanted, such as %s, not further keys", s.text())
		return
	case *ast.SequenceNode:
		list, ok := s.value.(*[]string)
		if !ok {
			o.fault(from, "one value is wanted, such as %s, not a list", s.text())
			return
		}
		items := []string{}
		for _, item := range n.Values {
			text, ok := scalar(item)
			if !ok {
				o.fault(from, "its list holds something else than texts; write [one, two]")
				return
			}
			items = append(items, text)
		}
		*list, s.from = items, from
		return
	}
	text, ok := scalar(node)
	if !ok {
		o.fault(from, "a plain value is wanted, such as %s; anchors, aliases and tags are not read", s.text())
		return
	}
	if list, ok := s.value.(*[]string); ok { // one value in place of a list of one
		*list, s.from = []string{text}, from
		return
	}
	o.set(from, s, text)
}

// scalar is the text of a plain, quoted or block value.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n"), true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func at(name string, node ast.Node) string {
	return name + ":" + strconv.Itoa(node.GetToken().Position.Line)
}

// environment lays the TINCAN_… variables of env, which has the form of os.Environ, over what is there.
func (o *overlay) environment(env []string) {
	env = slices.Clone(env)
	slices.Sort(env)
	for _, v := range env {
		name, text, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "TINCAN_") {
			continue
		}
		var known []string
		var found *setting
		for _, s := range o.settings {
			known = append(known, s.env())
			if s.env() == name {
				found = s
			}
		}
		if found == nil {
			o.fault(name, "unknown variable%s", didYouMean(nearest(name, known)))
			continue
		}
		o.set(name, found, text)
	}
}

// assign takes key=value from the command line.
func (o *overlay) assign(flag, text string) {
	key, value, ok := strings.Cut(text, "=")
	s := o.find(key)
	switch {
	case s == nil:
		o.fault(flag+" "+text, "unknown key %s%s", key, didYouMean(nearest(key, o.keys())))
	case !ok:
		o.fault(flag+" "+text, "a value is missing; write %s %s=%s", flag, key, s.text())
	default:
		o.set(flag+" "+key, s, value)
	}
}

// set reads one value from text; a list is written with commas.
func (o *overlay) set(from string, s *setting, text string) {
	var err error
	switch v := s.value.(type) {
	case *string:
		*v = text
	case *bool:
		switch strings.ToLower(text) {
		case "true", "yes", "on", "1":
			*v = true
		case "false", "no", "off", "0":
			*v = false
		default:
			err = fmt.Errorf("%q is neither true nor false", text)
		}
	case *int:
		n, e := strconv.Atoi(text)
		if e != nil {
			err = fmt.Errorf("%q is not a whole number, such as %d", text, *v)
			break
		}
		*v = n
	case *[]string:
		*v = []string{}
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") { // as in a file, and as text() writes it
			text = text[1 : len(text)-1]
		}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.Trim(item, " \t\"'"); item != "" {
				*v = append(*v, item)
			}
		}
	case encoding.TextUnmarshaler:
		err = v.UnmarshalText([]byte(text))
	}
	if err != nil {
		o.fault(from, "%v", err)
		return
	}
	s.from = from
}

// text is the value as it would be written.
func (s *setting) text() string {
	switch v := s.value.(type) {
	case *string:
		return strconv.Quote(*v)
	case *bool:
		return strconv.FormatBool(*v)
	case *int:
		return strconv.Itoa(*v)
	case *[]string:
		return "[" + strings.Join(*v, ", ") + "]"
	case *Addr:
		return strconv.Quote(string(*v))
	case *Duration:
		return v.String()
	case *Size:
		return v.String()
	}
	return ""
}

// done validates the whole and returns every fault. Of two values that do not go together the one is at fault that is not the
// shipped one.
func (o *overlay) done() []string {
	o.config.validate(func(text string, keys ...string) {
		from := o.find(keys[0]).from
		for _, k := range keys {
			if s := o.find(k); !strings.HasPrefix(s.from, shippedName+":") {
				from = s.from
				break
			}
		}
		o.fault(from, "%s", text)
	})
	return o.faults
}
