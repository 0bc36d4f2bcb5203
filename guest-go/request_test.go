package bootstream_test

import (
	"errors"
	"testing"

	"bootstream"
)

func TestTheEventsOfAllFrontEndsAreRequests(t *testing.T) {
	events := map[string]string{
		"Function URL": `{"version":"2.0","rawPath":"/a b/ü","rawQueryString":"q=1%262&r=",
			"headers":{"Host":"h","X-One":"1"},"cookies":["c=3","d=4"],"body":"aGk=","isBase64Encoded":true,
			"requestContext":{"http":{"method":"post"}}}`,
		"REST API": `{"httpMethod":"POST","path":"/a b/ü","headers":{"host":"h"},
			"multiValueHeaders":{"host":["h"],"x-one":["1"],"cookie":["c=3; d=4"]},
			"multiValueQueryStringParameters":{"q":["1&2"],"r":[""]},"body":"hi","requestContext":{}}`,
		"load balancer": `{"httpMethod":"POST","path":"/a b/ü","headers":{"host":"h","x-one":"1","cookie":"c=3; d=4"},
			"queryStringParameters":{"q":"1%262","r":""},"body":"hi","isBase64Encoded":false,
			"requestContext":{"elb":{"targetGroupArn":"arn"}}}`,
		"VPC Lattice": `{"version":"2.0","method":"POST","path":"/a b/ü?q=1%262&r=",
			"headers":{"host":["h"],"x-one":["1"],"cookie":["c=3; d=4"]},
			"queryStringParameters":{"q":["1%262"],"r":[""]},"body":"hi","requestContext":{"region":"eu"}}`,
		"VPC Lattice 1.0": `{"method":"POST","raw_path":"/a b/ü?q=1%262&r=",
			"headers":{"host":"h","x-one":"1","cookie":"c=3; d=4"},
			"query_string_parameters":{"q":"1%262","r":""},"body":"aGk=","is_base64_encoded":true}`,
	}
	for name, event := range events {
		t.Run(name, func(t *testing.T) {
			request, err := bootstream.Event(event).Request()
			if err != nil {
				t.Fatal(err)
			}
			equal(t, request.Method, "POST")
			equal(t, request.URL.Path, "/a b/ü")
			equal(t, request.Query("q"), "1&2")
			equal(t, request.URL.Query().Has("r"), true)
			equal(t, request.Host, "h")
			equal(t, request.Header.Get("X-One"), "1")
			equal(t, string(request.Body), "hi")
			cookie, found := request.Cookie("d")
			equal(t, cookie, "4")
			equal(t, found, true)
		})
	}
}

func TestOtherEventsAreNoRequests(t *testing.T) {
	for _, event := range []string{"", "3", "{}", `{"Records":[]}`, `{"requestContext":3}`} {
		if _, err := bootstream.Event(event).Request(); err == nil {
			t.Errorf("%s is a request", event)
		}
	}
}

func TestABodyThatIsNotJSONIsTheCallersFault(t *testing.T) {
	request, err := bootstream.Event(`{"httpMethod":"PUT","path":"/","body":"{"}`).Request()
	if err != nil {
		t.Fatal(err)
	}
	var value any
	var rejection *bootstream.Rejection
	if err := request.Decode(&value); !errors.As(err, &rejection) || rejection.Status() != 400 {
		t.Error(err)
	}
}
