using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.Keys;

/// <summary>A column of a key in one file.</summary>
/// <param name="FieldId">Its field id.</param>
/// <param name="Place">Its place in the file.</param>
/// <param name="Column">The file's column.</param>
/// <param name="Type">Its type in the file, which the table may have widened since.</param>
internal sealed record KeyColumn(int FieldId, int Place, ParquetColumn Column, PrimitiveType Type)
{
    /// <summary>Whether the file does not have it, so that it is null in every row.</summary>
    public bool IsMissing => Place < 0;

    /// <summary>The key's columns in a file, in the order of their ids in the key.</summary>
    /// <param name="location">Where the file is, for errors.</param>
    /// <param name="metadata">Its footer.</param>
    /// <param name="fieldIds">The key.</param>
    /// <param name="schema">The table's schema.</param>
    /// <param name="nullIfMissing">Whether a file that was written before a column was there has nulls in it. Otherwise it is an error.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the file lacks a column, or has it with a type that is not the table's.</exception>
    public static KeyColumn[] Of(string location, ParquetFileMetadata metadata, IReadOnlyList<int> fieldIds, Schema schema, bool nullIfMissing = false)
    {
        var places = ParquetTypes.PlacesOf(metadata.Schema);
        return [.. fieldIds.Select(Find)];

        KeyColumn Find(int id)
        {
            if (schema.FindField(id) is not { } field) throw IcebergException.Invalid($"The key has the field {id}, which the schema does not have; choose columns of the schema.");
            if (field.Type is not PrimitiveType tableType) throw IcebergException.Invalid($"The key column '{field.Name}' is {field.Type}; only primitive columns can be compared.");
            if (!places.TryGetValue(id, out var place))
            {
                if (nullIfMissing && DefaultValues.HasInitial(field))
                {
                    throw IcebergException.Unsupported(
                        $"The file {location} was written before the column '{field.Name}' (id {id}) was there, whose rows then have its initial default; keys of such files are not compared here. Compact the table first.");
                }

                if (nullIfMissing) return new KeyColumn(id, -1, ParquetTypes.ToColumn(field), tableType);
                throw IcebergException.Invalid(
                    $"The file {location} does not have the key column '{field.Name}' (id {id}): it was written before the column was there. Rewrite that file, or choose another key.");
            }

            var column = metadata.Schema.Columns[place];
            if (column.Element is not null || ParquetTypes.TypeOf(column) is not { } type || !TypePromotion.IsAllowed(type, tableType))
                throw IcebergException.Invalid($"The key column '{field.Name}' (id {id}) is {field.Type} in the table, and in the file {location} something else; rewrite that file.");
            return new KeyColumn(id, place, column, type);
        }
    }
}
