package nethttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"bootstream"
	"bootstream/bootstreamtest"
	"bootstream/fetch"
	"bootstream/nethttp"
)

const event = `{"rawPath":"/orders/7","rawQueryString":"a=1","cookies":["c=3"],"body":"hi",
	"headers":{"host":"shop.example"},"requestContext":{"http":{"method":"PUT"}}}`

func TestAHandlerOfNetHTTPIsServed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		cookie, _ := r.Cookie("c")
		body, _ := io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s %s %s", r.PathValue("id"), r.FormValue("a"), r.Host)
		w.(http.Flusher).Flush()
		fmt.Fprintf(w, " %s %s", cookie.Value, body)
	})

	recorded := bootstreamtest.Invoke(nethttp.Serve(mux), event)

	if recorded.Err != nil || recorded.Status != 202 || recorded.Body() != "7 1 shop.example 3 hi" {
		t.Errorf("%v %d %q", recorded.Err, recorded.Status, recorded.Body())
	}
	if len(recorded.Chunks) != 2 || len(recorded.Cookies) != 1 || recorded.Cookies[0] != "seen=1" {
		t.Errorf("%q %q", recorded.Chunks, recorded.Cookies)
	}
}

func TestAHandlerThatWritesNothingHasAHead(t *testing.T) {
	recorded := bootstreamtest.Invoke(nethttp.Serve(http.NotFoundHandler()), event)
	if recorded.Status != 404 {
		t.Error(recorded.Status)
	}
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	if recorded := bootstreamtest.Invoke(nethttp.Serve(nothing), event); recorded.Status != 200 {
		t.Error(recorded.Status)
	}
	if recorded := bootstreamtest.Invoke(nethttp.Serve(nothing), "{}"); recorded.Err == nil {
		t.Error("an event that is no request")
	}
}

func TestClientsOfNetHTTPSendThroughTheHost(t *testing.T) {
	before := fetch.Transport
	defer func() { fetch.Transport = before }()
	fetch.Transport = func(_ context.Context, request *fetch.Request) (*fetch.Response, error) {
		body, err := io.ReadAll(request.Body)
		text := request.Method + " " + request.URL + " " + request.Header.Get("x-a") + " " + string(body)
		header := bootstream.Header{"content-type": {"text/plain"}}
		return &fetch.Response{Status: 201, Header: header, Body: io.NopCloser(strings.NewReader(text))}, err
	}
	client := http.Client{Transport: nethttp.Transport{}}
	request, _ := http.NewRequest("POST", "https://api.example.com/x?y=z", strings.NewReader("text"))
	request.Header.Set("X-A", "1")

	response, err := client.Do(request)

	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	if string(body) != "POST https://api.example.com/x?y=z 1 text" || response.StatusCode != 201 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response.Header.Get("Content-Type") != "text/plain" {
		t.Error(response.Header)
	}
}
