package errtext

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	rateLimited    = regexp.MustCompile(`rate limited\((?:read|write)\) for operation:? ?"?(\w*)`)
	throttledFor   = regexp.MustCompile(`throttled for operation "?(\w+)"? with reason`)
	operationGroup = regexp.MustCompile(`operationGroup\W{1,8}(\w+)`)
	allowed        = regexp.MustCompile(`allowedRequestCount\W{1,8}(\d+)`)
	measured       = regexp.MustCompile(`measuredRequestCount\W{1,8}(\d+)`)
	retryAfter     = regexp.MustCompile(`(?:RetryAfter: ?|Retry-After\W{1,4}|try again after '|retry after )(\d+)`)
)

// throttling fills the details of a refused rate of calls. They stand in ARM's
// body, escaped once more than the rest, or in the text of the provider's limiter.
func throttling(e *Error, text string) {
	m := strings.ToLower(e.Message)
	switch {
	case rateLimited.MatchString(e.Message):
		e.ClientSide, e.OperationGroup = true, firstGroup(rateLimited, e.Message)
	case throttledFor.MatchString(e.Message):
		e.ClientSide, e.OperationGroup = true, firstGroup(throttledFor, e.Message)
	case strings.Contains(m, "client throttled"), m == "rate limit reached", strings.HasSuffix(m, ": rate limit reached"):
		e.ClientSide = true
	case e.Code == "" && e.Status == 0 && strings.Contains(m, "throttled due to too many requests"):
		e.Status = 429
	}
	if e.Status != 429 && !e.ClientSide && !e.Has("TooManyRequests") && !e.Has("SubscriptionRequestsThrottled") {
		e.RetryAfter = 0
		return
	}
	if !e.ClientSide {
		e.OperationGroup = firstGroup(operationGroup, text)
	}
	e.Allowed, e.Measured = number(firstGroup(allowed, text)), number(firstGroup(measured, text))
	if e.RetryAfter == 0 {
		e.RetryAfter = lastRetryAfter(text)
	}
}

// lastRetryAfter is the innermost waiting time, in seconds, that is not 0.
func lastRetryAfter(t string) int {
	n := 0
	for _, m := range retryAfter.FindAllStringSubmatch(t, -1) {
		if v := number(m[1]); v != 0 {
			n = v
		}
	}
	return n
}

// number reads digits; what is no number, or none that fits, is 0.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
