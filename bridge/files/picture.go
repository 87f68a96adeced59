package files

import (
	"bytes"
	"encoding/binary"
)

// maxSide is the widest or highest that is taken for a picture, in pixels.
const maxSide = 1 << 20

// pictureSize reads how large a picture is shown, in pixels, from its first bytes. Nothing of the picture itself is decoded.
func pictureSize(kind string, head []byte) (width, height int64, ok bool) {
	switch kind {
	case "image/jpeg":
		width, height, ok = jpegSize(head)
	case "image/png": // the first chunk is IHDR (ISO 15948 §11.2.2)
		if len(head) >= 24 && string(head[12:16]) == "IHDR" {
			width, height, ok = int64(binary.BigEndian.Uint32(head[16:])), int64(binary.BigEndian.Uint32(head[20:])), true
		}
	case "image/gif":
		if len(head) >= 10 {
			width, height, ok = int64(binary.LittleEndian.Uint16(head[6:])), int64(binary.LittleEndian.Uint16(head[8:])), true
		}
	case "image/webp":
		width, height, ok = webpSize(head)
	case "image/avif":
		width, height, ok = avifSize(head)
	}
	return width, height, ok && width > 0 && height > 0 && width <= maxSide && height <= maxSide
}

// jpegSize finds the frame header, and on its way whether the picture is to be turned.
func jpegSize(b []byte) (width, height int64, ok bool) {
	turned := false
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		marker := b[i+1]
		if marker == 0xff { // fill
			i++
			continue
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 {
			i += 2
			continue
		}
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		end := min(i+2+n, len(b))
		if n < 2 || marker == 0xd9 || marker == 0xda {
			return 0, 0, false
		}
		segment := b[i+4 : max(i+4, end)]
		switch {
		case marker == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")):
			turned = exifTurned(segment[6:])
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc: // SOF (T.81 §B.2.2)
			if len(segment) < 5 {
				return 0, 0, false
			}
			height, width = int64(binary.BigEndian.Uint16(segment[1:])), int64(binary.BigEndian.Uint16(segment[3:]))
			if turned {
				width, height = height, width
			}
			return width, height, true
		}
		i += 2 + n
	}
	return 0, 0, false
}

// exifTurned tells whether an Exif orientation swaps width and height (tag 0x112, values 5 to 8).
func exifTurned(b []byte) bool {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return false
	}
	if len(b) < 8 {
		return false
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return false
	}
	count := int64(order.Uint16(b[at:]))
	for i := range count {
		field := at + 2 + 12*i
		if field+12 > int64(len(b)) {
			return false
		}
		if order.Uint16(b[field:]) == 0x112 {
			v := order.Uint16(b[field+8:])
			return v >= 5 && v <= 8
		}
	}
	return false
}

// webpSize reads the three forms of WebP (RFC 9649).
func webpSize(b []byte) (width, height int64, ok bool) {
	if len(b) < 30 {
		return 0, 0, false
	}
	switch string(b[12:16]) {
	case "VP8X":
		return 1 + int64(b[24]) + int64(b[25])<<8 + int64(b[26])<<16, 1 + int64(b[27]) + int64(b[28])<<8 + int64(b[29])<<16, true
	case "VP8L":
		n := binary.LittleEndian.Uint32(b[21:])
		return 1 + int64(n&0x3fff), 1 + int64(n>>14&0x3fff), b[20] == 0x2f
	case "VP8 ":
		return int64(binary.LittleEndian.Uint16(b[26:]) & 0x3fff), int64(binary.LittleEndian.Uint16(b[28:]) & 0x3fff), true
	}
	return 0, 0, false
}

// avifSize takes the largest of the sizes that the properties of the images in a file say (ispe: ISO 23008-12 §6.5.3).
func avifSize(b []byte) (width, height int64, ok bool) {
	for {
		i := bytes.Index(b, []byte("ispe"))
		if i < 0 || i+16 > len(b) {
			return width, height, ok
		}
		w, h := int64(binary.BigEndian.Uint32(b[i+8:])), int64(binary.BigEndian.Uint32(b[i+12:]))
		if w > maxSide || h > maxSide {
			return 0, 0, false
		}
		if w*h > width*height {
			width, height, ok = w, h, true
		}
		b = b[i+4:]
	}
}
