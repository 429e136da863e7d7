package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/oauthprobe/oauthprobe/loopback/demo"
)

// A faultRow is a fault as programs read it.
type faultRow struct {
	Name  string   `json:"name"`
	Group string   `json:"group"`
	Flow  string   `json:"flow"`
	Doc   string   `json:"doc"`
	Codes []string `json:"codes"`
}

// faultRows is every fault with the flow that shows it.
func faultRows() []faultRow {
	var rows []faultRow
	for _, table := range [][]demo.Fault{demo.Faults(), demo.FlowFaults()} {
		for _, f := range table {
			row := faultRow{f.Name, f.Group, f.Flow, f.Doc, append([]string{}, f.Codes...)}
			if row.Flow == "" {
				row.Flow = "code"
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// listFaults writes the catalogue, for people or for programs.
func listFaults(w io.Writer, format string) error {
	rows := faultRows()
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	var b strings.Builder
	heading := [4]string{"FAULT", "WHERE · FLOW", "NOTICED BY", "WHAT THE SERVER DOES"}
	lines := [][4]string{heading}
	for _, r := range rows {
		noticed := strings.Join(r.Codes, " ")
		if noticed == "" {
			noticed = "—"
		}
		lines = append(lines, [4]string{r.Name, r.Group + " · " + r.Flow, noticed, r.Doc})
	}
	var wide [4]int
	for _, line := range lines {
		for i, cell := range line {
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	for _, line := range lines {
		for i, cell := range line[:3] {
			b.WriteString(cell + strings.Repeat(" ", wide[i]-len([]rune(cell))+2))
		}
		b.WriteString(line[3] + "\n")
	}
	_, err := fmt.Fprint(w, b.String())
	return err
}
