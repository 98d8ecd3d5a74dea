namespace Portcullis.Gateway.Backends.Host.Maintenance;

/// <summary>What the maintenance of a repository did, besides packing it.</summary>
/// <param name="LfsObjectsRemoved">How many Git LFS objects it let go that nothing pointed to any more.</param>
public sealed record MaintenanceResult(int LfsObjectsRemoved);
