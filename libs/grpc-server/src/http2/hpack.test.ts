import { describe, expect, it } from 'vitest';
import { encodeLiteralFields, HeaderDecoder, TABLE_BYTES } from './hpack.ts';
import type { HeaderField } from './hpackTables.ts';

const LIST_BYTES = 16_384;

function block(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
}

/** Decodes successive blocks of one connection. */
function decodeAll(...blocks: string[]): HeaderField[][] {
  const decoder = new HeaderDecoder(LIST_BYTES);
  return blocks.map((hex) => [...decoder.decode(block(hex)).fields]);
}

const request = (path: string, scheme: string, ...more: HeaderField[]): HeaderField[] => [
  [':method', 'GET'],
  [':scheme', scheme],
  [':path', path],
  [':authority', 'www.example.com'],
  ...more,
];

/** @see https://www.rfc-editor.org/rfc/rfc7541#appendix-C.3 and C.4: the same three requests. */
const requests = [
  request('/', 'http'),
  request('/', 'http', ['cache-control', 'no-cache']),
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
];

describe(HeaderDecoder, () => {
  it.each<[name: string, hex: string, field: HeaderField]>([
    [
      'C.2.1',
      '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      ['custom-key', 'custom-header'],
    ],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path']],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret']],
    ['C.2.4', '82', [':method', 'GET']],
  ])('reads the field of RFC 7541, %s', (_name, hex, field) => {
    expect(decodeAll(hex)).toEqual([[field]]);
  });

  it('reads the requests of RFC 7541, C.3', () => {
    expect(
      decodeAll(
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ),
    ).toEqual(requests);
  });

  it('reads the same in Huffman code, C.4', () => {
    expect(
      decodeAll(
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ),
    ).toEqual(requests);
  });

  it('evicts the oldest fields of a smaller table, C.6', () => {
    // The table of 256 bytes that the RFC's example has.
    const answers = decodeAll(
      '3fe1 0148 8264 0258 85ae c377 1a4b 6196 d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff 6e91 9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    );
    expect(answers[1]).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
    expect(answers[2]).toEqual([
      [':status', '200'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
      ['location', 'https://www.example.com'],
      ['content-encoding', 'gzip'],
      ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ]);
  });

  it('decodes what encodeLiteralFields encodes', () => {
    const fields: HeaderField[] = [
      [':status', '200'],
      ['grpc-message', 'a'.repeat(300)],
      ['empty', ''],
    ];
    expect(new HeaderDecoder(LIST_BYTES).decode(encodeLiteralFields(fields)).fields).toEqual(fields);
  });

  it('changes its version only with its table', () => {
    const decoder = new HeaderDecoder(LIST_BYTES);
    decoder.decode(block('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'));
    expect(decoder.tableVersion).toBe(1);
    decoder.decode(block('8286 84be'));
    expect(decoder.tableVersion).toBe(1);
    decoder.decode(block('20'));
    expect(decoder.tableVersion).toBe(2);
    expect(() => decoder.decode(block('be'))).toThrow('unknown field 62');
  });

  it('leaves out fields beyond the list limit, and still updates its table', () => {
    const decoder = new HeaderDecoder(100);
    // 42 bytes each: two fit. The name is put into the table by the first.
    const field = '4005 6161 6161 6105 6262 6262 62';
    expect(decoder.decode(block(`${field} be be be`))).toMatchObject({
      tooLarge: true,
      fields: { length: 2 },
    });
    expect(decoder.decode(block('be'))).toEqual({ tooLarge: false, fields: [['aaaaa', 'bbbbb']] });
  });

  it.each<[name: string, hex: string, error: string]>([
    ['index 0', '80', 'unknown field 0'],
    ['an index beyond both tables', 'ff00', 'unknown field 127'],
    ['a name index beyond both tables', '7f00 0161', 'unknown field 63'],
    ['a string beyond the end', '4005 6161', 'ends within a string'],
    ['an end within an integer', 'ff80', 'ends within a field'],
    ['an integer that overflows', 'ffff ffff ffff 7f', 'an integer beyond 2^28'],
    ['a Huffman code with the end-of-string symbol', '0085 ffff ffff ff00', 'an invalid Huffman code'],
    ['a Huffman code padded with zeros', '0081 1800', 'an invalid Huffman code'],
    ['a Huffman code padded with a byte', '0082 1fff 00', 'an invalid Huffman code'],
    ['a table size update after a field', '82 20', 'not at the start of the header block'],
    ['a third table size update', '20 20 20', 'not at the start of the header block'],
    [
      'a table larger than allowed',
      '3fe2 1f',
      `expected at most ${TABLE_BYTES} bytes, got ${TABLE_BYTES + 1}`,
    ],
  ])('rejects %s', (_name, hex, error) => {
    expect(() => decodeAll(hex)).toThrow(error);
  });
});
