package report

import (
	"reflect"
	"time"
)

// copied returns a deep copy in which every string went through text and no
// list is nil. The writers work on such a copy: the model stays as it was built.
func copied[T any](r *T, text func(string) string) *T {
	out := new(T)
	fill(reflect.ValueOf(out).Elem(), reflect.ValueOf(r).Elem(), text)
	return out
}

// fill copies src into dst by the kinds that the model consists of.
func fill(dst, src reflect.Value, text func(string) string) {
	switch {
	case src.Type() == reflect.TypeFor[time.Time]():
		dst.Set(src)
	case src.Kind() == reflect.String:
		dst.SetString(text(src.String()))
	case src.Kind() == reflect.Struct:
		for i := range src.NumField() {
			fill(dst.Field(i), src.Field(i), text)
		}
	case src.Kind() == reflect.Slice:
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			fill(dst.Index(i), src.Index(i), text)
		}
	default:
		dst.Set(src)
	}
}
