package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// An image is a database as SQLite would see it, the write-ahead log included, read without opening it with SQLite: no lock, no
// -shm file, no recovery, so that a database that turns out to be damaged or somebody else's is exactly as it was. It is a file
// system (fs.FS) with the one file imageName, for SQLite's read-only vfs. Not safe for concurrent use.
//
// Format: https://www.sqlite.org/fileformat2.html §1.3 (header) and §4 (write-ahead log).
type image struct {
	db, wal  *os.File // wal is nil when there is none
	pageSize int64
	pages    map[uint32]int64 // page number to its offset in wal
	size     int64            // bytes
}

const imageName = "image.db"

// Places in the header.
const (
	headerSize      = 100
	headerPageSize  = 16
	headerVersions  = 18 // write and read version: 2 is write-ahead log, 1 is not
	headerChange    = 24
	headerPages     = 28
	headerUserVer   = 60
	headerAppID     = 68
	headerValidFor  = 92
	headerMagic     = "SQLite format 3\x00"
	walHeaderSize   = 32
	walFrameHeader  = 24
	walMagicLittle  = 0x377f0682 // checksums of little endian words; | 1: of big endian words
	walFormatNumber = 3007000
)

// openImage reads the header of a database and what its write-ahead log holds. Errors of the format are ErrDamaged.
func openImage(path string) (m *image, err error) {
	m = &image{pages: map[uint32]int64{}}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	if m.db, err = os.Open(path); err != nil {
		return m, err
	}
	info, err := m.db.Stat()
	if err != nil {
		return m, err
	}
	m.size = info.Size()
	if m.size == 0 {
		return m, fmt.Errorf("%w: the file is empty", ErrDamaged)
	}
	var header [headerSize]byte
	if _, err := m.db.ReadAt(header[:], 0); err != nil {
		return m, fmt.Errorf("%w: the file is cut off after %d bytes", ErrDamaged, m.size)
	}
	if string(header[:len(headerMagic)]) != headerMagic {
		return m, fmt.Errorf("%w: its beginning is not that of a database", ErrDamaged)
	}
	m.pageSize = int64(binary.BigEndian.Uint16(header[headerPageSize:]))
	if m.pageSize == 1 {
		m.pageSize = 65536
	}
	if m.pageSize < 512 || m.pageSize&(m.pageSize-1) != 0 {
		return m, fmt.Errorf("%w: page size %d", ErrDamaged, m.pageSize)
	}
	if err := m.readLog(path + "-wal"); err != nil {
		return m, err
	}
	pages := int64(binary.BigEndian.Uint32(header[headerPages:]))
	known := binary.BigEndian.Uint32(header[headerChange:]) == binary.BigEndian.Uint32(header[headerValidFor:])
	if len(m.pages) == 0 && known && m.size < pages*m.pageSize {
		return m, fmt.Errorf("%w: the file has %d bytes and should have %d", ErrDamaged, m.size, pages*m.pageSize)
	}
	return m, nil
}

// readLog finds the newest committed copy of each page in the write-ahead log. It stops where SQLite would: at the first frame
// whose salt or checksum does not fit, which is no damage but the end of what was written.
func (m *image) readLog(path string) error {
	wal, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m.wal = wal
	var header [walHeaderSize]byte
	if _, err := wal.ReadAt(header[:], 0); err != nil {
		return nil // nothing was written
	}
	magic := binary.BigEndian.Uint32(header[0:])
	if magic&^1 != walMagicLittle || binary.BigEndian.Uint32(header[4:]) != walFormatNumber || int64(binary.BigEndian.Uint32(header[8:])) != m.pageSize {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if magic&1 != 0 {
		order = binary.BigEndian
	}
	s0, s1 := walSum(order, 0, 0, header[:24])
	if s0 != binary.BigEndian.Uint32(header[24:]) || s1 != binary.BigEndian.Uint32(header[28:]) {
		return nil
	}
	salt := string(header[16:24])
	frame := make([]byte, walFrameHeader+m.pageSize)
	pending := map[uint32]int64{}
	for at := int64(walHeaderSize); ; at += int64(len(frame)) {
		if _, err := wal.ReadAt(frame, at); err != nil {
			return nil
		}
		s0, s1 = walSum(order, s0, s1, frame[:8])
		s0, s1 = walSum(order, s0, s1, frame[walFrameHeader:])
		if string(frame[8:16]) != salt || s0 != binary.BigEndian.Uint32(frame[16:]) || s1 != binary.BigEndian.Uint32(frame[20:]) {
			return nil
		}
		pending[binary.BigEndian.Uint32(frame)] = at + walFrameHeader
		if pages := binary.BigEndian.Uint32(frame[4:]); pages != 0 { // the last frame of a commit
			for page, offset := range pending {
				m.pages[page] = offset
			}
			clear(pending)
			m.size = int64(pages) * m.pageSize
		}
	}
}

// walSum is the running checksum of the write-ahead log (§4.2).
func walSum(order binary.ByteOrder, s0, s1 uint32, b []byte) (uint32, uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s0 += order.Uint32(b) + s1
		s1 += order.Uint32(b[4:]) + s0
	}
	return s0, s1
}

// number reads a big endian number of the header, as it is after recovery.
func (m *image) number(place int) (uint32, error) {
	var b [4]byte
	if _, err := m.readAt(b[:], int64(place)); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b[:]), nil
}

// readAt reads bytes of one page or of several.
func (m *image) readAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		if at >= m.size {
			return n, io.EOF
		}
		page, within := at/m.pageSize, at%m.pageSize
		part := b[n:min(int64(len(b)), int64(n)+m.pageSize-within)]
		if offset, ok := m.pages[uint32(page+1)]; ok {
			_, err = m.wal.ReadAt(part, offset+within)
		} else {
			_, err = m.db.ReadAt(part, at)
		}
		if err != nil {
			return n, err
		}
		if page == 0 { // SQLite must not look for a write-ahead log: it is in here already
			for i := range part {
				if p := within + int64(i); p == headerVersions || p == headerVersions+1 {
					part[i] = 1
				}
			}
		}
		n += len(part)
		at += int64(len(part))
	}
	return n, nil
}

func (m *image) close() {
	if m.db != nil {
		m.db.Close()
	}
	if m.wal != nil {
		m.wal.Close()
	}
}

// Open makes an image a file system.
func (m *image) Open(name string) (fs.File, error) {
	if name != imageName {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &imageReader{m: m}, nil
}

// An imageReader is the one file of an image.
type imageReader struct {
	m  *image
	at int64
}

func (f *imageReader) Read(b []byte) (int, error) {
	n, err := f.m.readAt(b, f.at)
	f.at += int64(n)
	return n, err
}

func (f *imageReader) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	f.at = offset
	return offset, nil
}

func (f *imageReader) Stat() (fs.FileInfo, error) { return imageInfo{f.m}, nil }
func (f *imageReader) Close() error               { return nil }

type imageInfo struct{ m *image }

func (i imageInfo) Name() string       { return imageName }
func (i imageInfo) Size() int64        { return i.m.size }
func (i imageInfo) Mode() fs.FileMode  { return 0o400 }
func (i imageInfo) ModTime() time.Time { return time.Time{} }
func (i imageInfo) IsDir() bool        { return false }
func (i imageInfo) Sys() any           { return nil }
