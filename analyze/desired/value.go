package desired

// Value is something that a Service or the cluster asks for, with the reason and,
// where the Service says it itself, the JSON pointer into its document.
type Value[T any] struct {
	V       T
	Because string
	Pointer string
	// Unknown is why the value cannot be told: nothing is compared with it then.
	Unknown string
	// Inferred says that the value was taken from what is there, so that comparing it
	// with the same object would say nothing.
	Inferred bool
}

// known is a value with its reason.
func known[T any](v T, because string) Value[T] { return Value[T]{V: v, Because: because} }

// unknown is a value that cannot be told.
func unknown[T any](why string) Value[T] { return Value[T]{Unknown: why} }

// inferred is a value taken from what is there.
func inferred[T any](v T, because string) Value[T] {
	return Value[T]{V: v, Because: because, Inferred: true}
}

// from is another value that follows from this one for the same reason.
func from[T, U any](v Value[T], u U) Value[U] {
	return Value[U]{V: u, Because: v.Because, Pointer: v.Pointer, Unknown: v.Unknown, Inferred: v.Inferred}
}
