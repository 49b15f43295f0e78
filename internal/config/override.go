package config

import "encoding/json"

// Override sets one setting of ours, such as "outlier.interval", in raw values:
// in place of what is there, whether that is written as a dotted key or inside
// an object.
func Override(raw map[string]string, name, value string) {
	for at, r := range name {
		if r != '.' {
			continue
		}
		if group := Project + ":" + name[:at]; raw[group] != "" {
			raw[group] = without(raw[group], name[at+1:])
		}
	}
	raw[Project+":"+name] = value
}

// without is the text of an object less one of its members; any other text stays
// as it is.
func without(text, name string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil || object == nil {
		return text
	}
	delete(object, name)
	for at, r := range name {
		if inner, has := object[name[:at]]; has && r == '.' {
			object[name[:at]] = json.RawMessage(without(string(inner), name[at+1:]))
		}
	}
	less, err := json.Marshal(object)
	if err != nil { // of parts that were read from JSON
		return text
	}
	return string(less)
}
