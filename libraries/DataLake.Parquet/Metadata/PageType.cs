namespace DataLake.Parquet.Metadata;

/// <summary><c>enum PageType</c> in parquet.thrift.</summary>
internal enum PageType
{
    Data = 0,
    Index = 1,
    Dictionary = 2,
    DataV2 = 3,
}
