// Prints what readers that share no code with DataLake find in Parquet files.
//
//   node read.mjs duckdb|hyparquet|parquet-wasm FILE...   every file: a line with its column names, its rows, and an empty line
//   node read.mjs sql [TEXT]                              DuckDB: runs TEXT (or standard input), prints the last statement's columns and rows
//   node read.mjs indexes FILE                            hyparquet: a line of JSON a column chunk: its column and offset index, or null
//   node read.mjs rewrite-v2 IN OUT                       parquet-wasm: writes IN again with data pages v2
//   node read.mjs avro FILE                               avsc: a line with the header's entries as texts, then a line of JSON a record; bytes are "0x" and hex
//   node read.mjs icebird METADATA                        icebird: the rows of the current snapshot of an Iceberg table, by its metadata file; locations are file: URLs
//   node read.mjs rest URL NAMESPACE TABLE [TOKEN]        iceberg-js: a line of the catalog's namespaces, a line of the namespace's tables, then the rows as icebird finds them
//
// A row is a JSON array in column order. Values are:
//   null, true, false    as they are
//   integers             numbers; as strings beyond 2^53
//   floats, doubles      "f:" or "d:" and their bits in hex, or "NaN": no rounding hides in the text
//   text, JSON, enum     strings
//   bytes, UUIDs         "0x" and hex
//   decimals             "n:" and the number with all digits of its scale
//   dates                days since 1970-01-01
//   lists                arrays
//   times, timestamps    nanoseconds since midnight or 1970-01-01, as integers
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

// hyparquet brings Snappy along. Nothing here decompresses LZ4 for it: the other two readers judge that.
const compressors = { GZIP: page => gunzipSync(page), BROTLI: page => brotliDecompressSync(page) }
const view = new DataView(new ArrayBuffer(8))
const [mode, ...args] = process.argv.slice(2)
const modes = { duckdb, hyparquet, 'parquet-wasm': wasm, sql, indexes, 'rewrite-v2': rewriteV2, icebird, rest, avro }
if (!modes[mode]) throw new Error(`Usage: read.mjs ${Object.keys(modes).join('|')} ...`)
await modes[mode](...args)

function print(names, rows) {
  const lines = [JSON.stringify(names)]
  for (const row of rows) lines.push(JSON.stringify(row))
  process.stdout.write(lines.join('\n') + '\n\n')
}

function integer(value) {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return Number.isSafeInteger(value) ? value : value.toString()
}

function double(value) {
  if (Number.isNaN(value)) return 'NaN'
  view.setFloat64(0, value)
  return 'd:' + view.getBigUint64(0).toString(16).padStart(16, '0')
}

function float(value) {
  if (Number.isNaN(value)) return 'NaN'
  view.setFloat32(0, value)
  return 'f:' + view.getUint32(0).toString(16).padStart(8, '0')
}

function bytes(value) {
  return '0x' + Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
}

function decimal(unscaled, scale) {
  const sign = unscaled < 0n ? '-' : ''
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `n:${sign}${digits.slice(0, digits.length - scale)}${scale > 0 ? '.' + digits.slice(-scale) : ''}`
}

function bigEndian(value) {
  let number = 0n
  for (const byte of value) number = (number << 8n) | BigInt(byte)
  return BigInt.asIntN(8 * value.length, number)
}

// DuckDB --------------------------------------------------------------------------------------------------------------

async function duckdb(...files) {
  const connection = await connect()
  for (const file of files) await select(connection, `SELECT * FROM read_parquet('${file.replaceAll("'", "''")}')`)
}

async function sql(text) {
  await select(await connect(), text ?? readFileSync(0, 'utf8'))
}

async function connect() {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  await connection.run("SET TimeZone='UTC'")
  return connection
}

async function select(connection, text) {
  const result = await connection.run(text)
  const types = result.columnTypes().map(type => type.toString())
  const rows = []
  for (const row of await result.getRows()) rows.push(row.map((value, i) => fromDuckDb(value, types[i])))
  print(result.columnNames(), rows)
}

function fromDuckDb(value, type) {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (Array.isArray(value.items)) return value.items.map(item => fromDuckDb(item, type.endsWith('[]') ? type.slice(0, -2) : ''))
  if (type === 'FLOAT') return float(value)
  if (type === 'DOUBLE') return double(value)
  if (typeof value === 'bigint' || typeof value === 'number') return integer(value)
  if (type === 'BLOB') return bytes(value.bytes)
  if (type === 'UUID') return '0x' + value.toString().replaceAll('-', '')
  if (type === 'DATE') return value.days
  if (type.startsWith('DECIMAL')) return decimal(value.value, value.scale)
  if (value.nanos !== undefined || value.nanoseconds !== undefined) return integer(value.nanos ?? value.nanoseconds)
  if (value.micros !== undefined) return integer(value.micros * 1000n)
  if (value.millis !== undefined) return integer(value.millis * 1000000n)
  return value.toString()
}

// hyparquet: asked for the stored values, which are interpreted here ------------------------------------------------------

async function indexes(path) {
  const { parquetMetadata, readColumnIndex, readOffsetIndex } = await import('hyparquet')
  const data = readFileSync(path)
  const file = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
  const metadata = parquetMetadata(file)
  const leaves = metadata.schema.filter(element => !element.num_children)
  const at = (offset, length) => offset === undefined ? undefined : { view: new DataView(file, Number(offset), length), offset: 0 }
  const text = (_, value) => typeof value === 'bigint' ? value.toString() : value instanceof Uint8Array ? bytes(value) : value instanceof Date ? value.toISOString() : value
  for (const group of metadata.row_groups) {
    group.columns.forEach((chunk, i) => {
      const columnIndex = at(chunk.column_index_offset, chunk.column_index_length)
      const offsetIndex = at(chunk.offset_index_offset, chunk.offset_index_length)
      const found = { column: columnIndex ? readColumnIndex(columnIndex, leaves[i]) : null, offset: offsetIndex ? readOffsetIndex(offsetIndex) : null }
      process.stdout.write(JSON.stringify(found, text) + '\n')
    })
  }
}

async function hyparquet(...files) {
  const { parquetMetadata, parquetRead } = await import('hyparquet')
  for (const path of files) {
    const data = readFileSync(path)
    const file = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
    const metadata = parquetMetadata(file)
    const columns = []
    for (let i = 1; i < metadata.schema.length; i++) {
      const column = { ...metadata.schema[i] }
      if (column.num_children) column.element = { ...metadata.schema[i += 2] }
      columns.push(column)
    }
    for (const element of metadata.schema.filter(element => !element.num_children)) {
      delete element.converted_type
      delete element.logical_type
    }
    let rows = []
    await parquetRead({ file, metadata, compressors, utf8: false, onComplete: found => { rows = found } })
    print(columns.map(column => column.name), rows.map(row => row.map((value, i) => fromHyparquet(value, columns[i]))))
  }
}

function fromHyparquet(value, column) {
  if (value === null || value === undefined) return null
  if (column.element) return Array.from(value, item => fromHyparquet(item, column.element))
  const logical = column.logical_type ?? {}
  switch (logical.type) {
    case 'DECIMAL': return decimal(value instanceof Uint8Array ? bigEndian(value) : BigInt(value), logical.scale)
    case 'STRING': case 'JSON': case 'ENUM': return Buffer.from(value).toString('utf8')
    case 'TIME': case 'TIMESTAMP': return integer(BigInt(value) * { MILLIS: 1000000n, MICROS: 1000n, NANOS: 1n }[logical.unit])
    case 'INTEGER': if (!logical.isSigned) return integer(BigInt.asUintN(logical.bitWidth, BigInt(value)))
  }
  switch (column.type) {
    case 'FLOAT': return float(value)
    case 'DOUBLE': return double(value)
    case 'INT32': case 'INT64': return integer(value)
    case 'BOOLEAN': return value
    default: return bytes(value)
  }
}

// parquet-wasm (the Rust parquet crate), through Arrow's IPC format -----------------------------------------------------------

async function wasm(...files) {
  const { readParquet } = await import('parquet-wasm/node')
  const { tableFromIPC, makeVector } = await import('apache-arrow')
  for (const file of files) {
    const table = tableFromIPC(readParquet(readFileSync(file)).intoIPCStream())
    const rows = Array.from({ length: table.numRows }, () => new Array(table.numCols))
    table.schema.fields.forEach((field, column) => {
      let row = 0
      for (const data of table.getChildAt(column)?.data ?? []) {
        if (data.length === 0) continue // A list without rows has no elements to look at either.
        const convert = fromArrow(field.type, data, table.getChildAt(column), makeVector)
        for (let i = 0; i < data.length; i++, row++) rows[row][column] = data.getValid(i) ? convert(i, row) : null
      }
    })
    print(table.schema.fields.map(field => field.name), rows)
  }
}

function fromArrow(type, data, vector, makeVector) {
  const name = type.toString()
  if (name.startsWith('List')) {
    const [values, offsets] = [data.children[0], data.valueOffsets]
    const convert = fromArrow(type.children[0].type, values, makeVector(values), makeVector)
    return i => Array.from({ length: offsets[i + 1] - offsets[i] }, (_, n) => values.getValid(offsets[i] + n) ? convert(offsets[i] + n, offsets[i] + n) : null)
  }
  const at = i => data.values[i]
  if (name === 'Float32') return i => float(at(i))
  if (name === 'Float64') return i => double(at(i))
  if (/^u?int\d+$/i.test(name)) return i => integer(at(i))
  if (name.startsWith('Date32')) return i => at(i)
  if (name.startsWith('Time')) {
    const factor = [1000000000n, 1000000n, 1000n, 1n][type.unit]
    return i => integer(BigInt(at(i)) * factor)
  }
  if (name.startsWith('Decimal')) {
    const words = type.bitWidth / 32
    return i => {
      let number = 0n
      for (let w = words - 1; w >= 0; w--) number = (number << 32n) | BigInt(data.values[i * words + w] >>> 0)
      return decimal(BigInt.asIntN(type.bitWidth, number), type.scale)
    }
  }
  if (name.includes('Binary')) return (_, row) => bytes(vector.get(row))
  if (name === 'Bool' || name.includes('Utf8')) return (_, row) => vector.get(row)
  throw new Error(`No canonical form for Arrow type ${name}`)
}

async function rewriteV2(from, to) {
  const { readParquet, writeParquet, WriterPropertiesBuilder, WriterVersion, Compression } = await import('parquet-wasm/node')
  const properties = new WriterPropertiesBuilder().setWriterVersion(WriterVersion.V2).setCompression(Compression.SNAPPY)
    .setDictionaryEnabled(true).setDataPageSizeLimit(4096).build()
  writeFileSync(to, writeParquet(readParquet(readFileSync(from)), properties))
}

// avsc, which keeps to the rules of Avro ---------------------------------------------------------------------------------------

async function avro(path) {
  const { default: avsc } = await import('avsc')
  const long = avsc.types.LongType.__with({
    fromBuffer: buffer => buffer.readBigInt64LE(), toBuffer: () => { throw new Error('not written') },
    fromJSON: BigInt, toJSON: String, isValid: value => typeof value === 'bigint', compare: (a, b) => (a < b ? -1 : Number(a > b)),
  })
  const parseHook = schema => avsc.Type.forSchema(schema, { registry: { long } })
  const decoder = avsc.createFileDecoder(path, { parseHook })
  const text = (_, value) => typeof value === 'bigint' ? integer(value) : value?.type === 'Buffer' ? '0x' + Buffer.from(value.data).toString('hex') : value
  await new Promise((resolve, reject) => decoder
    .on('metadata', (type, codec, header) => process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(header.meta).map(([key, value]) => [key, value.toString()]))) + '\n'))
    .on('data', record => process.stdout.write(JSON.stringify(record, text) + '\n'))
    .on('error', reject).on('end', resolve))
}

// icebird, which finds the files of an Iceberg table by itself ----------------------------------------------------------------

async function icebird(path) {
  await printTable(JSON.parse(readFileSync(path, 'utf8')))
}

// A REST catalog by iceberg-js: names and metadata come from the catalog, the rest from the files.
async function rest(baseUrl, namespace, name, token) {
  const { IcebergRestCatalog } = await import('iceberg-js')
  const catalog = new IcebergRestCatalog({ baseUrl, auth: token ? { type: 'bearer', token } : { type: 'none' } })
  const levels = { namespace: namespace.split('.') }
  const namespaces = await catalog.listNamespaces()
  const tables = await catalog.listTables(levels)
  if (!await catalog.tableExists({ ...levels, name })) throw new Error(`HEAD finds no table ${name}`)
  const metadata = await catalog.loadTable({ ...levels, name })
  process.stdout.write(JSON.stringify(namespaces.map(item => item.namespace)) + '\n' + JSON.stringify(tables.map(item => item.name)) + '\n')
  await printTable(metadata)
}

async function printTable(metadata) {
  globalThis.fetch = fetchFile
  const { icebergRead } = await import('icebird')
  const { fields } = metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id'])
  const rows = await icebergRead({ tableUrl: metadata.location, metadata })
  print(fields.map(field => field.name), rows.map(row => fields.map(field => fromIcebird(row[field.name], field.type))))
}

async function fetchFile(url, init) {
  const data = readFileSync(new URL(url))
  const range = /^bytes=(\d+)-(\d*)$/.exec(new Headers(init?.headers).get('range') ?? '')
  return range ? new Response(data.subarray(Number(range[1]), range[2] ? Number(range[2]) + 1 : undefined), { status: 206 }) : new Response(data)
}

function fromIcebird(value, type) {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'boolean': case 'string': return value
    case 'int': case 'long': return integer(value)
    case 'float': return float(value)
    case 'double': return double(value)
    case 'date': return value.getTime() / 86400000
    case 'timestamp': case 'timestamptz': return integer(BigInt(value.getTime()) * 1000n) // It keeps milliseconds only.
    default: throw new Error(`No canonical form for Iceberg type ${type}`)
  }
}
