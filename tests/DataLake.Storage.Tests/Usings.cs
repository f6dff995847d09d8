global using DataLake.Testing;
global using Shouldly;
global using Xunit;

[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
