package az

import "errors"

// Decode reads a list of T from any shape that az, ARM or Resource Graph print.
// A bare object is a list of one; null is an empty list.
func Decode[T any](raw []byte) ([]T, error) { return nil, errors.New("not implemented") }
