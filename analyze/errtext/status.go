package errtext

import "strings"

// statuses are the words for HTTP statuses, without spaces, as the activity log
// ("BadRequest") and az ("Bad Request") give them.
var statuses = map[string]int{
	"badrequest": 400, "unauthorized": 401, "forbidden": 403, "notfound": 404, "methodnotallowed": 405, "conflict": 409,
	"gone": 410, "preconditionfailed": 412, "toomanyrequests": 429,
	"internalservererror": 500, "notimplemented": 501, "badgateway": 502, "serviceunavailable": 503, "gatewaytimeout": 504,
}

// statusOf is the HTTP status that a word stands for, 0 where it stands for none.
func statusOf(word string) int {
	return statuses[strings.ToLower(strings.ReplaceAll(word, " ", ""))]
}
