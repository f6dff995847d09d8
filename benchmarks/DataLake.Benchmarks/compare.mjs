// Compares the contents of two sets of Parquet files as multisets of rows: count, and the sum of a hash of every row.
//   node compare.mjs LEFT RIGHT      (each a path or a glob)
import { createRequire } from 'node:module'
const { DuckDBInstance } = createRequire(new URL('../../tests/readers/package.json', import.meta.url))('@duckdb/node-api')
const connection = await (await DuckDBInstance.create(':memory:')).connect()
const sum = async files => {
  const result = await connection.runAndReadAll(`SELECT count(*)::VARCHAR || ' ' || sum(hash(t)::HUGEINT)::VARCHAR FROM read_parquet('${files}', hive_partitioning = false) t`)
  return result.getRows()[0][0]
}
const [left, right] = await Promise.all(process.argv.slice(2).map(sum))
console.log(left === right ? 'equal' : `different: ${left} / ${right}`)
