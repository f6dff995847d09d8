using DataLake.Contracts;
using DataLake.Iceberg.Catalogs;
using DataLake.Storage;

namespace DataLake.Ledger.LakeTables;

/// <summary>What the tables of the lake are called, and the properties by which they say what they hold. They are enough to know from a table alone how far it is.</summary>
public static class LakeTableNames
{
    /// <summary>The catalog's name: <c>catalog_name</c> in the JDBC layout.</summary>
    public const string Catalog = "datalake";

    /// <summary>The table property with the pipeline that fills the table.</summary>
    public const string PipelineProperty = "datalake.pipeline";

    /// <summary>The table property with the table of the source that it is filled from.</summary>
    public const string SourceTableProperty = "datalake.source-table";

    /// <summary>The table property with the end of the last incremental window or full load, in ISO 8601: what the table is complete to.</summary>
    public const string CursorProperty = "datalake.cursor";

    /// <summary>The table property with the last run that was committed.</summary>
    public const string RunProperty = "datalake.run-id";

    /// <summary>The table property with the source's log position that the last run read at.</summary>
    public const string SourceLsnProperty = "datalake.source-lsn";

    /// <summary>The table of a source table: in a namespace named as the pipeline, and with its schema before its name where that is not <c>public</c>.</summary>
    public static TableIdentifier Of(string pipeline, TableName table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new TableIdentifier(pipeline, table.Schema == "public" ? table.Name : $"{table.Schema}_{table.Name}");
    }

    /// <summary>The folder of a table.</summary>
    public static string FolderOf(TableIdentifier table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return LakePath.ConformedTable(table.Namespace, table.Name);
    }
}
