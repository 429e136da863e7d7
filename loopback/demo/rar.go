package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// A detail is one authorization_details object (RFC 9396 §2), as the client wrote it.
type detail map[string]any

// A detailType says which fields an authorization_details object of one type has
// (RFC 9396 §2.1).
type detailType struct {
	name    string
	actions []string
	fields  map[string]func(any) bool
	needs   []string
	words   func(detail) string
}

// detailTypes is the types that this server knows; both are examples of RFC 9396 §2.
var detailTypes = []detailType{
	{
		"payment_initiation",
		[]string{"initiate", "status", "cancel"},
		map[string]func(any) bool{
			"instructedAmount": isAmount, "creditorName": isText, "creditorAccount": isAccount,
			"debtorAccount": isAccount, "remittanceInformationUnstructured": isText,
		},
		[]string{"instructedAmount"},
		paymentWords,
	},
	{
		"account_information",
		[]string{"list_accounts", "read_balances", "read_transactions"},
		map[string]func(any) bool{"accounts": isAccounts},
		[]string{"actions"},
		accountWords,
	},
}

// commonFields is what any type may have (RFC 9396 §2.2).
var commonFields = map[string]func(any) bool{
	"type": isText, "locations": isLocations, "actions": isTexts, "datatypes": isTexts, "identifier": isText, "privileges": isTexts,
}

// detailTypeNames is the types as metadata lists them (RFC 9396 §10).
func detailTypeNames() []string {
	var names []string
	for _, t := range detailTypes {
		names = append(names, t.name)
	}
	return names
}

// readDetails reads the parameter authorization_details; without it there are none
// (RFC 9396 §2, §5).
func readDetails(p params) ([]detail, *oauthError) {
	text := p.get("authorization_details")
	if text == "" {
		return nil, nil
	}
	fail := func(why string) ([]detail, *oauthError) {
		return nil, &oauthError{"invalid_authorization_details", "authorization_details " + why}
	}
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil || len(raw) == 0 {
		return fail("is no JSON array with at least one object (RFC 9396 section 2)")
	}
	var list []detail
	for _, one := range raw {
		d, err := strictObject(bytes.TrimSpace(one))
		if err != nil {
			return fail(err.Error())
		}
		if why := detail(d).wrong(); why != "" {
			return fail(why)
		}
		list = append(list, d)
	}
	return list, nil
}

// kind is the type of an object, "" when it has none.
func (d detail) kind() string { text, _ := d["type"].(string); return text }

// known finds what is known about the type of an object.
func (d detail) known() (detailType, bool) {
	i := slices.IndexFunc(detailTypes, func(t detailType) bool { return t.name == d.kind() })
	if i < 0 {
		return detailType{}, false
	}
	return detailTypes[i], true
}

// wrong says what no object of its type may be like, or "" (RFC 9396 §5).
func (d detail) wrong() string {
	t, ok := d.known()
	if !ok {
		return "has the type '" + d.kind() + "'; known are " + strings.Join(detailTypeNames(), ", ")
	}
	for _, name := range slices.Sorted(maps.Keys(d)) {
		fits := commonFields[name]
		if fits == nil {
			fits = t.fields[name]
		}
		switch {
		case fits == nil:
			return "has the field " + name + ", which " + t.name + " does not have"
		case !fits(d[name]):
			return "has a field " + name + " of the wrong shape"
		}
	}
	for _, name := range t.needs {
		if d[name] == nil {
			return "lacks " + name + ", which " + t.name + " needs"
		}
	}
	for _, action := range d.texts("actions") {
		if !slices.Contains(t.actions, action) {
			return "has the action '" + action + "'; " + t.name + " has " + strings.Join(t.actions, ", ")
		}
	}
	return ""
}

// texts is a field that is a list of texts.
func (d detail) texts(name string) []string {
	list, _ := d[name].([]any)
	var texts []string
	for _, one := range list {
		text, _ := one.(string)
		texts = append(texts, text)
	}
	return texts
}

// The shapes that fields can have.

func isText(v any) bool { text, ok := v.(string); return ok && text != "" }

func isTexts(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) > 0 && !slices.ContainsFunc(list, func(one any) bool { return !isText(one) })
}

func isLocations(v any) bool {
	list, _ := v.([]any)
	return isTexts(v) && !slices.ContainsFunc(list, func(one any) bool {
		text, _ := one.(string)
		u, err := url.Parse(text)
		return err != nil || !u.IsAbs()
	})
}

func isAmount(v any) bool {
	amount, ok := v.(map[string]any)
	currency, _ := amount["currency"].(string)
	number, _ := amount["amount"].(string)
	return ok && len(amount) == 2 && len(currency) == 3 && number != "" && strings.Trim(number, "0123456789.") == ""
}

func isAccount(v any) bool {
	account, ok := v.(map[string]any)
	for name, value := range account {
		if !slices.Contains([]string{"iban", "bic", "currency"}, name) || !isText(value) {
			return false
		}
	}
	return ok && isText(account["iban"])
}

func isAccounts(v any) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(one any) bool { return !isAccount(one) })
}

// within says whether an object asks for no more than another: lists may be
// shorter, everything else must be the same (RFC 9396 §6.1).
func (d detail) within(granted detail) bool {
	for name := range granted {
		if _, present := d[name]; !present {
			return false // a list that is left out could mean all
		}
	}
	for name, value := range d {
		list, isList := value.([]any)
		all, _ := granted[name].([]any)
		missing := func(one any) bool {
			return !slices.ContainsFunc(all, func(other any) bool { return reflect.DeepEqual(one, other) })
		}
		if isList && slices.ContainsFunc(list, missing) || !isList && !reflect.DeepEqual(value, granted[name]) {
			return false
		}
	}
	return true
}

// narrowedDetails is what a token request asks for of what was granted; without
// the parameter, nil (RFC 9396 §6).
func narrowedDetails(granted []detail, p params) ([]detail, *oauthError) {
	asked, fault := readDetails(p)
	if fault != nil {
		return nil, fault
	}
	for _, d := range asked {
		if !slices.ContainsFunc(granted, d.within) {
			return nil, &oauthError{"invalid_authorization_details", "authorization_details asks for " + d.kind() + " in a way that was not granted (RFC 9396 section 6)"}
		}
	}
	return asked, nil
}

// bendDetails makes what the token response says was granted wrong as asked
// (RFC 9396 §7).
func (s *Server) bendDetails(body *object) {
	details, ok := body.get("authorization_details").([]detail)
	if !ok {
		return
	}
	changed := slices.Clone(details)
	changed[0] = maps.Clone(changed[0])
	switch {
	case s.broken("rar-missing"):
		body.drop("authorization_details")
	case s.broken("rar-widened"):
		changed[0]["actions"] = append(slices.Clone(listOf(changed[0]["actions"])), "close_account")
		changed[0]["locations"] = append(slices.Clone(listOf(changed[0]["locations"])), otherServer)
		body.set("authorization_details", changed)
	case s.broken("rar-type-changed"):
		changed[0]["type"] = "customer_information"
		body.set("authorization_details", changed)
	case s.broken("rar-string"):
		text, _ := marshal(details)
		body.set("authorization_details", string(text))
	}
}

// listOf is a list that may be absent.
func listOf(v any) []any { list, _ := v.([]any); return list }

// detailViews puts objects into plain words for the person who decides.
func detailViews(list []detail) []scopeView {
	var views []scopeView
	for _, d := range list {
		if t, ok := d.known(); ok {
			words := t.words(d)
			if places := d.texts("locations"); places != nil {
				words += ", at " + strings.Join(places, " and ")
			}
			views = append(views, scopeView{d.kind(), words})
		}
	}
	return views
}

// paymentWords says who pays what to whom.
func paymentWords(d detail) string {
	amount, _ := d["instructedAmount"].(map[string]any)
	words := fmt.Sprintf("Pay %v %v", amount["amount"], amount["currency"])
	if name, ok := d["creditorName"].(string); ok {
		words += " to " + name
	}
	if account, ok := d["creditorAccount"].(map[string]any); ok {
		words += fmt.Sprintf(" (account %v)", account["iban"])
	}
	if account, ok := d["debtorAccount"].(map[string]any); ok {
		words += fmt.Sprintf(" from your account %v", account["iban"])
	}
	if about, ok := d["remittanceInformationUnstructured"].(string); ok {
		words += ", for " + about
	}
	if actions := d.texts("actions"); actions != nil {
		words += " (" + strings.Join(actions, ", ") + ")"
	}
	return words
}

// accountWords says what of the accounts is shown.
func accountWords(d detail) string {
	names := map[string]string{"list_accounts": "list your accounts", "read_balances": "read their balances", "read_transactions": "read their transactions"}
	var list []string
	for _, action := range d.texts("actions") {
		list = append(list, names[action])
	}
	words := strings.Join(list, ", ")
	return strings.ToUpper(words[:1]) + words[1:]
}
