package history

import (
	"encoding/binary"
	"hash/crc32"
)

// castagnoli is the polynomial of every checksum in the database: CRC-32C has an instruction on the machines we run on.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A summer computes the checksum of one row. Fields are preceded by their length, so that no two rows share one by
// moving bytes between columns. It is not safe for concurrent use; the zero value is ready.
type summer struct {
	buf []byte // reused
}

func (s *summer) reset() *summer {
	s.buf = s.buf[:0]
	return s
}

func (s *summer) num(n uint64) *summer {
	s.buf = binary.AppendUvarint(s.buf, n)
	return s
}

func (s *summer) text(t string) *summer {
	s.buf = binary.AppendUvarint(s.buf, uint64(len(t)))
	s.buf = append(s.buf, t...)
	return s
}

// end returns the checksum of what was added and last, 4 bytes that are the caller's.
func (s *summer) end(last []byte) []byte {
	c := crc32.Update(0, castagnoli, s.buf)
	c = crc32.Update(c, castagnoli, last)
	return binary.BigEndian.AppendUint32(make([]byte, 0, 4), c)
}

func (s *summer) entry(room int64, e *Entry, erased bool) []byte {
	s.reset().num(uint64(room)).num(e.Seq).text(e.From).text(e.ID).text(e.Kind)
	s.num(uint64(e.Time.UnixMilli())).num(e.Author).num(uint64(e.V))
	if erased {
		return s.num(1).end(nil)
	}
	return s.num(0).end(e.Body)
}

func (s *summer) room(id int64, name string, first uint64) []byte {
	return s.reset().num(uint64(id)).text(name).num(first).end(nil)
}

func (s *summer) claim(c *claimRow) []byte {
	s.reset().num(c.rev).text(c.name).text(c.fold).text(c.keys[0]).text(c.keys[1])
	s.num(uint64(c.hold)).num(uint64(c.ends)) // a negative ends (connected) is a large number here, as good as any
	tag := uint64(0)
	if c.verifier != nil {
		tag = 1
	}
	if c.ident != "" || c.kept { // rows of the first schema have neither, and their sums stay
		tag |= 2
		if c.kept {
			tag |= 4
		}
		s.text(c.ident)
	}
	return s.num(tag).end(c.verifier)
}

func (s *summer) file(f *File, put int64) []byte {
	s.reset().text(f.ID).text(f.SHA256).text(f.Owner).text(f.Name).text(f.Type)
	return s.num(uint64(f.Size)).num(uint64(f.Width)).num(uint64(f.Height)).num(uint64(put)).end(nil)
}

func (s *summer) value(kind, key string, put int64, value []byte) []byte {
	return s.reset().text(kind).text(key).num(uint64(put)).end(value)
}
