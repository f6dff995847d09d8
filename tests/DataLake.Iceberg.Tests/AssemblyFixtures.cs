using DataLake.Testing;

[assembly: AssemblyFixture(typeof(TestPostgres))]
