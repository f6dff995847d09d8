using System.Runtime.Versioning;
using DataLake.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(TestPostgres))]
[assembly: UnsupportedOSPlatform("windows")]
