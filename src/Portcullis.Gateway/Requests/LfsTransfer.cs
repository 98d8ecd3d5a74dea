using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Requests;

/// <summary>What the credential of a Git LFS transfer is for: this object, this way.</summary>
/// <param name="Direction">Which way.</param>
/// <param name="Object">The object, and the size that it was announced with.</param>
internal sealed record LfsTransfer(LfsDirection Direction, LfsObject Object);
