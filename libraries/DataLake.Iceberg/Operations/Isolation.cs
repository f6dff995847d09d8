namespace DataLake.Iceberg.Operations;

/// <summary>What a change must not overlook of what others committed since it was planned.</summary>
public enum Isolation
{
    /// <summary>Nothing beyond that the files it removes and refers to are still there, without new deletes.</summary>
    Snapshot,

    /// <summary>Data files that could hold rows which the change should have seen: an upsert that is based on them would leave rows doubled.</summary>
    Serializable,
}
