namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>Endpoints by the names that <c>/v1/config</c> gives them (<see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">OpenAPI description</see>).</summary>
public static class RestEndpoint
{
    /// <summary>Lists namespaces.</summary>
    public const string ListNamespaces = "GET /v1/{prefix}/namespaces";

    /// <summary>Creates a namespace.</summary>
    public const string CreateNamespace = "POST /v1/{prefix}/namespaces";

    /// <summary>Loads a namespace.</summary>
    public const string LoadNamespace = "GET /v1/{prefix}/namespaces/{namespace}";

    /// <summary>Tells whether a namespace is there.</summary>
    public const string NamespaceExists = "HEAD /v1/{prefix}/namespaces/{namespace}";

    /// <summary>Lists the tables of a namespace.</summary>
    public const string ListTables = "GET /v1/{prefix}/namespaces/{namespace}/tables";

    /// <summary>Creates a table, or stages it.</summary>
    public const string CreateTable = "POST /v1/{prefix}/namespaces/{namespace}/tables";

    /// <summary>Loads a table.</summary>
    public const string LoadTable = "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}";

    /// <summary>Tells whether a table is there.</summary>
    public const string TableExists = "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}";

    /// <summary>Commits updates to a table, or a table that is staged.</summary>
    public const string CommitTable = "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}";

    /// <summary>Drops a table.</summary>
    public const string DropTable = "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}";
}
