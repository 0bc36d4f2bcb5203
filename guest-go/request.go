package bootstream

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
)

// Request is an HTTP request, read from the event of a front end.
type Request struct {
	// The method, in upper case.
	Method string
	// Path and query.
	URL *url.URL
	// The headers, by names in lower case.
	Header Header
	// The host, from the header.
	Host string
	// The body, decoded.
	Body []byte
}

// httpEvent has what the events of all front ends have between them.
type httpEvent struct {
	HTTPMethod        string          `json:"httpMethod"`
	Method            string          `json:"method"`
	Path              string          `json:"path"`
	RawPath           *string         `json:"rawPath"`
	LatticePath       string          `json:"raw_path"`
	RawQuery          *string         `json:"rawQueryString"`
	Headers           map[string]any  `json:"headers"`
	MultiValueHeaders map[string]any  `json:"multiValueHeaders"`
	Query             map[string]any  `json:"queryStringParameters"`
	MultiValueQuery   map[string]any  `json:"multiValueQueryStringParameters"`
	LatticeQuery      map[string]any  `json:"query_string_parameters"`
	Cookies           []string        `json:"cookies"`
	Body              *string         `json:"body"`
	IsBase64          bool            `json:"isBase64Encoded"`
	LatticeIsBase64   bool            `json:"is_base64_encoded"`
	Context           json.RawMessage `json:"requestContext"`

	context struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
		ELB *json.RawMessage `json:"elb"`
	}
}

// Request reads the event of a Function URL, a REST or HTTP API, a load balancer or VPC Lattice. Any other event is an
// error.
func (e Event) Request() (*Request, error) {
	var event httpEvent
	if err := e.Decode(&event); err != nil {
		return nil, err
	}
	if len(event.Context) > 0 {
		// Other events have other things there.
		_ = json.Unmarshal(event.Context, &event.context)
	}
	method, path := event.methodAndPath()
	if method == "" || path == "" {
		return nil, errors.New("the event is not an HTTP request of a known shape: it has no method and path")
	}
	header := event.header()
	body, err := event.body()
	if err != nil {
		return nil, err
	}
	return &Request{
		Method: strings.ToUpper(method),
		URL:    requestURL(path, event.query()),
		Header: header,
		Host:   header.Get("host"),
		Body:   body,
	}, nil
}

// requestURL reads the path as it is in a URL. Front ends may also pass one that is decoded.
func requestURL(path, query string) *url.URL {
	target := &url.URL{Path: path, RawQuery: query}
	if decoded, err := url.PathUnescape(path); err == nil {
		target.Path, target.RawPath = decoded, path
	}
	return target
}

// isLattice returns whether the event is of VPC Lattice, 1.0 or 2.0, which has the method at the top.
func (e *httpEvent) isLattice() bool {
	return e.Method != "" && e.HTTPMethod == "" && e.RawPath == nil
}

func (e *httpEvent) methodAndPath() (string, string) {
	path := e.Path
	if e.RawPath != nil {
		path = *e.RawPath
	} else if path == "" {
		path = e.LatticePath
	}
	if e.isLattice() {
		path, _, _ = strings.Cut(path, "?")
	}
	for _, method := range []string{e.context.HTTP.Method, e.HTTPMethod, e.Method} {
		if method != "" {
			return method, path
		}
	}
	return "", path
}

func (e *httpEvent) header() Header {
	fields := e.MultiValueHeaders
	if fields == nil {
		fields = e.Headers
	}
	header := Header{}
	for name, value := range fields {
		name = strings.ToLower(name)
		header[name] = append(header[name], values(value)...)
	}
	if len(e.Cookies) > 0 && len(header["cookie"]) == 0 {
		header["cookie"] = []string{strings.Join(e.Cookies, "; ")}
	}
	return header
}

func (e *httpEvent) query() string {
	if e.RawQuery != nil {
		return *e.RawQuery
	}
	fields := e.MultiValueQuery
	if fields == nil {
		fields = e.Query
	}
	if fields == nil {
		fields = e.LatticeQuery
	}
	if e.isLattice() && len(fields) == 0 {
		_, query, _ := strings.Cut(e.Path+e.LatticePath, "?")
		return query
	}
	// Load balancers and VPC Lattice pass names and values as they came, still encoded.
	encoded := e.isLattice() || e.context.ELB != nil
	query := url.Values{}
	for name, value := range fields {
		for _, one := range values(value) {
			if encoded {
				query.Add(decoded(name), decoded(one))
			} else {
				query.Add(name, one)
			}
		}
	}
	return query.Encode()
}

func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func (e *httpEvent) body() ([]byte, error) {
	if e.Body == nil {
		return nil, nil
	}
	if e.IsBase64 || e.LatticeIsBase64 {
		body, err := base64.StdEncoding.DecodeString(*e.Body)
		if err != nil {
			return nil, Reject(400, "the body is not base64: %v", err)
		}
		return body, nil
	}
	return []byte(*e.Body), nil
}

// values returns the texts of a value, which may be a list.
func values(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, one := range value {
			all = append(all, values(one)...)
		}
		return all
	default:
		return nil
	}
}

// Query returns the first value of a name in the query, or an empty text.
func (r *Request) Query(name string) string {
	return r.URL.Query().Get(name)
}

// Cookie returns the value of a cookie, and whether there is one.
func (r *Request) Cookie(name string) (string, bool) {
	for _, line := range r.Header.Values("cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(cookie), "=")
			if key == name {
				return value, true
			}
		}
	}
	return "", false
}

// Decode parses the body as JSON. If it is none, the error is a [*Rejection] with status 400.
func (r *Request) Decode(value any) error {
	if err := json.Unmarshal(r.Body, value); err != nil {
		return Reject(400, "the body is not JSON: %v", err)
	}
	return nil
}
