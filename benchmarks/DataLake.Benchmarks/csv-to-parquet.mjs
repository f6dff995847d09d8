// psql's CSV on standard input -> Parquet, as somebody would do it with DuckDB. Prints what the process used.
//   node csv-to-parquet.mjs OUTPUT COLUMNS
import { createRequire } from 'node:module'
const { DuckDBInstance } = createRequire(new URL('../../tests/readers/package.json', import.meta.url))('@duckdb/node-api')
const [output, columns] = process.argv.slice(2)
const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run("SET TimeZone = 'UTC'")
await connection.run(`COPY (SELECT * FROM read_csv('/dev/stdin', columns = ${columns}, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false))
                      TO '${output}' (FORMAT parquet, COMPRESSION snappy)`)
const used = process.resourceUsage()
console.log(JSON.stringify({ cpuSeconds: (used.userCPUTime + used.systemCPUTime) / 1e6, peakKilobytes: used.maxRSS }))
