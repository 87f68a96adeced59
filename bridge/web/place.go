package web

// A Place is the answer to /api/place: what a page needs to invite people and things.
type Place struct {
	Title string `json:"title"`
	// Addresses are those of the page for other computers of the network, likeliest first. None: only this computer can join.
	Addresses []string `json:"addresses"`
	MQTT      MQTT     `json:"mqtt"`
	// People and Devices are how many are connected.
	People  int `json:"people"`
	Devices int `json:"devices"`
}

// MQTT is where devices connect by TCP.
type MQTT struct {
	Host string `json:"host"`
	Port int    `json:"port"`
}
