package report

import "reflect"

// kept are fields that hold no text about the cluster.
var kept = map[string]bool{"Tool": true, "Fingerprint": true, "SHA256": true, "Rule": true}

// Rename changes every text about the cluster in a Report, an Expected or a Trace: the
// names in it, and the sentences with names.
func Rename[T any](model *T, change func(string) string) {
	rename(reflect.ValueOf(model).Elem(), change)
}

func rename(v reflect.Value, change func(string) string) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" {
			v.SetString(change(s))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			rename(v.Index(i), change)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			rename(v.Elem(), change)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !kept[f.Name] {
				rename(v.Field(i), change)
			}
		}
	}
}
