package datapath

import "testing"

func TestSlip(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"storefront", "storefrnt", true},
		{"storefront", "storefornt", true},
		{"storefront", "storefronts", true},
		{"storefront", "storefrond", true},
		{"store-front", "StoreFront", true},
		{"shop-orders", "shop-order", true},
		{"web", "wed", false},
		{"web", "web2", false},
		{"orders-v1", "orders-v2", false},
		{"payments1", "payments2", false},
		{"shop-ui", "shop-db", false},
		{"proxy-http", "proxy-https", false},
		{"blue", "green", false},
		{"orders", "invoices", false},
		{"orders-api", "orders", false},
	} {
		if got := slip(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
		if got := slip(c.b, c.a); got != c.want {
			t.Errorf("%s and %s: %v", c.b, c.a, got)
		}
	}
}
