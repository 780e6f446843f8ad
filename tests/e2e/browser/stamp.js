// Reads the frame number and the time that the test card burns into its picture.
//
// The layout is documented in transcode/testcard/src/stamp.rs: the lowest 2/45 of the picture is a
// grid of 2 rows and 52 columns of black and white cells, with two fixed cells at each end of a row.

const COLUMNS = 52;
const ROWS = 2;
const ROWS_IN_PICTURE = 45;
const MARGIN = 2;
const BITS = COLUMNS - 2 * MARGIN;
const MIN_CONTRAST = 48;
/** The fixed cells: row, column, whether it is white. */
const FIXED = [
  [0, 0, true],
  [0, 1, false],
  [0, COLUMNS - 2, false],
  [0, COLUMNS - 1, true],
  [1, 0, false],
  [1, 1, true],
  [1, COLUMNS - 2, true],
  [1, COLUMNS - 1, false],
];

/** The smallest picture that can hold a stamp, in pixels. */
export const MIN_WIDTH = 2 * COLUMNS;
export const MIN_HEIGHT = 2 * ROWS_IN_PICTURE;

/**
 * Reads the stamp of a whole picture, drawn to a canvas at any size without borders.
 *
 * @param {{data: Uint8ClampedArray, width: number, height: number}} imageData RGBA, as
 *   `getImageData` gives it.
 * @returns {{frame: number, unixMs: number} | null} null when there is no stamp that can be trusted.
 */
export function readStamp(imageData) {
  const { width, height } = imageData;
  if (width < MIN_WIDTH || height < MIN_HEIGHT) return null;
  const cells = Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => cellLuma(imageData, row, column)),
  );
  const level = (white) =>
    FIXED.filter((fixed) => fixed[2] === white)
      .map(([row, column]) => cells[row][column])
      .reduce((sum, luma) => sum + luma, 0) / 4;
  const white = level(true);
  const black = level(false);
  if (white < black + MIN_CONTRAST) return null;
  const threshold = (white + black) / 2;
  const isWhite = (row, column) => cells[row][column] > threshold;
  if (FIXED.some(([row, column, expected]) => isWhite(row, column) !== expected)) return null;

  const bytes = [0, 1].map((row) => rowBytes((column) => isWhite(row, column)));
  const [time, second] = bytes;
  const frame = second.slice(0, 4);
  if (crc16([...time, ...frame]) !== toNumber(second.slice(4))) return null;
  return { frame: toNumber(frame), unixMs: toNumber(time) };
}

/** The mean luma (BT.709 weights) of the middle of a cell. */
function cellLuma({ data, width, height }, row, column) {
  const [left, right] = middle(column, width, COLUMNS);
  const [top, bottom] = middle(ROWS_IN_PICTURE - ROWS + row, height, ROWS_IN_PICTURE);
  let sum = 0;
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const at = 4 * (y * width + x);
      sum += 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
    }
  }
  return sum / ((right - left) * (bottom - top));
}

function middle(index, side, cells) {
  const start = Math.floor(((4 * index + 1) * side) / (4 * cells));
  const end = Math.floor(((4 * index + 3) * side) / (4 * cells));
  return [start, Math.max(end, start + 1)];
}

function rowBytes(isWhite) {
  return Array.from({ length: BITS / 8 }, (_, byte) => {
    let value = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value * 2 + Number(isWhite(MARGIN + 8 * byte + bit));
    }
    return value;
  });
}

/** Big-endian; 48 bits are exact in a number. */
function toNumber(bytes) {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** CRC-16, CCITT-FALSE. */
function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
    }
  }
  return crc;
}
