// A service with one library of Debian's.
package main

import (
	"encoding/json"
	"net/http"
	"runtime"

	"github.com/julienschmidt/httprouter"
)

func facts(w http.ResponseWriter, _ *http.Request, parameters httprouter.Params) {
	json.NewEncoder(w).Encode(map[string]string{"go": runtime.Version(), "name": parameters.ByName("name")})
}

func main() {
	router := httprouter.New()
	router.GET("/:name", facts)
	panic(http.ListenAndServe(":8080", router))
}
