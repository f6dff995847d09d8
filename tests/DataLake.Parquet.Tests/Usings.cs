global using DataLake.Parquet;
global using Shouldly;
global using Xunit;
