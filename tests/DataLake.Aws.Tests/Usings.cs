global using DataLake.Iceberg;
global using Shouldly;
global using Xunit;
