//! Requests and answers between a test and its processes, as bytes: lengths and integers little endian.

use std::io::{Read, Result, Write};

/// Writes a frame.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

macro_rules! integers {
    ($($name:ident: $type:ty),*) => {
        impl Writer {
            $(pub(crate) fn $name(&mut self, value: $type) -> &mut Self {
                self.0.extend_from_slice(&value.to_le_bytes());
                self
            })*
        }
        impl Reader {
            $(pub(crate) fn $name(&mut self) -> $type {
                let (bytes, place) = (size_of::<$type>(), self.1);
                self.1 += bytes;
                <$type>::from_le_bytes(self.0[place..self.1].try_into().expect("a whole frame"))
            })*
        }
    };
}

integers!(u8: u8, u16: u16, u32: u32, i32: i32, u64: u64, i64: i64, f32: f32);

impl Writer {
    pub(crate) fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(value.into())
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).expect("a short frame"));
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn send(&self, mut to: impl Write) -> Result<()> {
        let length = u32::try_from(self.0.len()).expect("a short frame");
        to.write_all(&[&length.to_le_bytes(), &self.0[..]].concat())?;
        to.flush()
    }
}

/// Reads a frame.
pub(crate) struct Reader(Vec<u8>, usize);

impl Reader {
    pub(crate) fn receive(mut from: impl Read) -> Result<Self> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_le_bytes(length) as usize];
        from.read_exact(&mut frame)?;
        Ok(Self(frame, 0))
    }

    /// Whether the frame is this byte alone.
    pub(crate) fn is_only(&self, byte: u8) -> bool {
        self.0 == [byte]
    }

    pub(crate) fn bool(&mut self) -> bool {
        self.u8() != 0
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        let length = self.u32() as usize;
        let place = self.1;
        self.1 += length;
        self.0[place..self.1].to_vec()
    }

    pub(crate) fn text(&mut self) -> String {
        String::from_utf8(self.bytes()).expect("text")
    }
}
