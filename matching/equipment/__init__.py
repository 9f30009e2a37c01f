"""Tools and vehicles: stock per site. A loan is always to a team on a job."""
