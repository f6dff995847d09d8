using DataLake.Testing;

[assembly: AssemblyFixture(typeof(TestPostgres))]
// Each test starts whole systems; two at a time are enough for two cores.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
